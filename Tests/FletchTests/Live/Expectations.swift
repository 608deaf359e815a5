import Testing

@testable import Fletch

/// The longest that anything is waited for which is to happen. All tests at once, under the sanitizer and on two
/// processors, are slow.
let patience = Duration.seconds(300)

/// What becomes of a name that does not exist: that, or that nobody could be asked in time. It is asked of whatever name
/// servers the machine has; ResolutionFailureTests say which answer leads to which code.
let unresolved: Set<FletchError.Code> = [.nameNotResolved, .resolverFailed, .connectDeadlineExceeded]

/// The failure that a request ends with; records an issue where it does not fail.
func failure(
    of request: FletchRequest, until milestone: Milestone = .answered, with client: FletchClient,
    sourceLocation: SourceLocation = #_sourceLocation
) async -> FletchError? {
    do throws(FletchError) {
        let receipt = try await client.send(request, until: milestone)
        Issue.record("no failure: \(receipt)", sourceLocation: sourceLocation)
        return nil
    } catch {
        return error
    }
}

/// A body that tells where it was damaged: 251 is prime to every buffer's size.
func patternedBody(_ count: Int) -> [UInt8] {
    let pattern = Array(UInt8(0)..<251)
    var body: [UInt8] = []
    body.reserveCapacity(count + pattern.count)
    while body.count < count { body.append(contentsOf: pattern) }
    return Array(body.prefix(count))
}

/// What a peer answers that serves one request on each connection.
let ok = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"

/// What a peer answers that goes on to serve others.
let okAndNext = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

/// Looks again and again, for what happens soon and announces itself to nobody.
/// - Returns: Whether it has happened.
func becomesTrue(within limit: Duration = patience, _ isMet: () -> Bool) async -> Bool {
    let end = ContinuousClock.now + limit
    while !isMet() {
        guard ContinuousClock.now < end else { return false }
        // Others are under test meanwhile, and want the processors.
        try? await ContinuousClock().sleep(for: .milliseconds(1))
    }
    return true
}
