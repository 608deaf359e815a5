import Fletch

/// Clients that enqueue jobs with options, without a pause until the process dies, and remember its answers.
final class OptionLoad: Sendable {
    private let clients: Lock<[OptionClient]>

    /// Makes five clients.
    init(_ target: OptionTarget) { clients = Lock((0..<5).map { OptionClient($0, target) }) }

    var jobs: [SentJob] { clients.withLock { $0.flatMap(\.jobs) } }
    var surprises: [String] { clients.withLock { $0.flatMap(\.surprises) } }
    var repeatedCount: Int { clients.withLock { $0.reduce(0) { $0 + $1.repeatedCount } } }

    /// Returns once each client has seen its connection break.
    func run(port: Int) async throws { try await each { $0.askUntilBroken(port) } }

    /// Repeats the requests that were not answered, and resumes the queue that may be paused.
    func finish(port: Int) async throws { try await each { try $0.finish(port) } }

    private func each(_ body: @escaping @Sendable (inout OptionClient) throws -> Void) async throws {
        let before = clients.withLock(\.self)
        let after = try await withThrowingTaskGroup(of: OptionClient.self) { group in
            for client in before {
                group.addTask {
                    try await blocking {
                        var client = client
                        try body(&client)
                        return client
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        clients.withLock { $0 = after }
    }
}
