import Fletch
import Glibc

/// So many requests to a sink.
struct Load {
    let port: UInt16
    let count: Int

    static let taskCount = 64
    /// Before anything is measured.
    static let warmUpCount = 2_000

    /// The defaults, whatever the environment says of proxies.
    var configuration: Configuration {
        var configuration = Configuration()
        configuration.proxy = .none
        return configuration
    }

    var request: FletchRequest { FletchRequest(.get, "http://127.0.0.1:\(port)/") }

    /// To the sixteen addresses that have ports enough for a connection each.
    var spreadRequests: [FletchRequest] { (1...16).map { FletchRequest(.get, "http://127.0.0.\($0):\(port)/") } }

    /// Sends from 64 tasks, each of which waits for its receipt.
    /// - Returns: How many failed, or were not `asWanted`.
    func send(
        _ count: Int, _ requests: [FletchRequest], _ client: FletchClient, until milestone: Milestone,
        asWanted: @escaping @Sendable (Receipt) -> Bool = { _ in true }
    ) async -> Int {
        await withTaskGroup(of: Int.self) { group in
            for task in 0..<Self.taskCount {
                group.addTask {
                    var failures = 0
                    for number in stride(from: task, to: count, by: Self.taskCount) {
                        let request = requests[number % requests.count]
                        let receipt = try? await client.send(request, until: milestone)
                        if receipt.map(asWanted) != true { failures += 1 }
                    }
                    return failures
                }
            }
            return await group.reduce(0, +)
        }
    }

    /// Prints what a request costs, how many there are in a second, and how many failed.
    func measure(
        _ client: FletchClient, warmUp: Int = warmUpCount, _ body: (_ count: Int) async throws -> Int
    ) async throws {
        _ = try await body(warmUp)
        let cost = processorTime()
        let start = ContinuousClock.now
        let failures = try await body(count)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        await client.drain(within: .seconds(5))
        print((processorTime() - cost) / Double(count), Double(count) / seconds, failures)
    }
}

/// Of this process, in microseconds.
func processorTime() -> Double {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    let microseconds = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + Double(microseconds)
}
