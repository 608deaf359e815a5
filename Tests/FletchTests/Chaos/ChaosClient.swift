@testable import Fletch

/// Sends the same requests in every run, to an origin and to a port that refuses: fired at once, fired as soon as there is
/// room, and waited for.
final class ChaosClient: Sendable {
    static let requestCount = 600
    static let maximumRetryCount = 2

    private struct Heard {
        /// In what was told of fired requests, the number of each.
        var told: [(id: Int, error: FletchError)] = []
        var results: [Int: Result<Receipt, FletchError>] = [:]
        var isCut = false

        /// How many requests have come to an end that somebody heard of.
        var count: Int { told.count + results.count }
    }

    let client: FletchClient
    /// What was left when the client was drained in the middle.
    let leftAtTheCut = Signal<DrainReport>()
    private let isCutShort: Bool
    private let origin: ChaosOrigin
    private let dead: RefusingPort
    private let heard: Lock<Heard>

    init(_ run: ChaosTests.Run, _ origin: ChaosOrigin) throws {
        let heard = Lock(Heard())
        self.heard = heard
        self.origin = origin
        isCutShort = run.isCutShort
        dead = try RefusingPort()
        var configuration = Self.configuration
        configuration.fireMilestone = run.milestone
        configuration.pipelineDepth = run.depth
        configuration.onFailure = { error in
            let id = error.receipt?.url.split(separator: "/").last.flatMap { Int($0) }
            heard.withLock { $0.told.append((id ?? -1, error)) }
        }
        client = try FletchClient(configuration)
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.maximumActiveConnectionCount = 16
        configuration.maximumParkedConnectionCount = 16
        configuration.outboxCapacity = 150
        configuration.answerDeadline = .milliseconds(400)
        configuration.parkLimit = .milliseconds(200)
        configuration.retry.maximumCount = maximumRetryCount
        configuration.retry.baseDelay = .milliseconds(5)
        configuration.circuitPause = .milliseconds(20)
        return configuration
    }

    /// One for each request; of one that was told of twice, the last.
    var outcomes: [ChaosOutcome] {
        let heard = heard.withLock(\.self)
        let told = Dictionary(heard.told.map { ($0.id, $0.error) }) { $1 }
        return (0..<Self.requestCount).map { id in
            switch heard.results[id] {
            case .success(let receipt): ChaosOutcome(id: id, receipt: receipt)
            case .failure(let error): ChaosOutcome(id: id, error: error)
            case nil: ChaosOutcome(id: id, error: told[id])
            }
        }
    }

    /// How often the failure of a fired request was told.
    var toldCount: Int { heard.withLock { $0.told.count } }
}

// MARK: - Sending

extension ChaosClient {
    func sendAll() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { self.ids(0).forEach { self.client.fire(self.request($0)) } }
            group.addTask { await self.enqueue(self.ids(1)) }
            let waited = ids(2)
            for start in 0..<20 {
                group.addTask {
                    for index in stride(from: start, to: waited.count, by: 20) { await self.send(waited[index]) }
                }
            }
        }
    }

    static func isWaitedFor(_ id: Int) -> Bool { id % 3 == 2 }

    /// Every third.
    private func ids(_ remainder: Int) -> [Int] { Array(stride(from: remainder, to: Self.requestCount, by: 3)) }

    private func request(_ id: Int) -> FletchRequest {
        var request = ChaosRequest(id).request(to: id % 25 == 7 ? dead.url : origin.url)
        if id % 20 == 3 { request.deadline = .milliseconds(3) }
        if id % 4 == 2 { request.keep = .everything(upTo: 500) }
        return request
    }

    private func enqueue(_ ids: [Int]) async {
        for id in ids {
            do throws(FletchError) {
                _ = try await client.send(request(id), until: .queued)
            } catch {
                heard.withLock { $0.results[id] = .failure(error) }
            }
        }
    }

    private func send(_ id: Int) async {
        let result: Result<Receipt, FletchError>
        do throws(FletchError) {
            result = .success(try await client.send(request(id), until: .answered))
        } catch {
            result = .failure(error)
        }
        let isCut = heard.withLock { heard in
            heard.results[id] = result
            guard isCutShort, !heard.isCut, heard.count >= Self.requestCount / 4 else { return false }
            heard.isCut = true
            return true
        }
        // By whoever hears of it, and at once: there is much to be sent then, and much under way.
        if isCut { client.drain(within: .zero) { self.leftAtTheCut.set($0) } }
    }
}
