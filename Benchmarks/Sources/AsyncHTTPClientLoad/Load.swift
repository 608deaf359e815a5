import AsyncHTTPClient
import Glibc
import NIOCore

/// Requests, each until its body has been read.
struct Load {
    private let client: HTTPClient
    private let urls: [String]
    private let isClosing: Bool

    init(_ client: HTTPClient, urls: [String], isClosing: Bool) {
        self.client = client
        self.urls = urls
        self.isClosing = isClosing
    }

    /// Prints what a request costs, how many there are in a second, and how many failed.
    func measure(_ count: Int, warmUp: Int = 2_000) async {
        _ = await run(warmUp)
        let cost = processorTime()
        let start = ContinuousClock.now
        let failures = await run(count)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        print((processorTime() - cost) / Double(count), Double(count) / seconds, failures)
    }

    /// Sends each request when it is due, whatever has become of those before.
    /// - Returns: How many failed.
    func pace(_ count: Int, rate: Double) async throws -> Int {
        let start = ContinuousClock.now
        return try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<count {
                try await Task.sleep(until: start + .seconds(Double(number) / rate), clock: .continuous)
                group.addTask { await send(number) }
            }
            return try await group.reduce(0) { $1 ? $0 : $0 + 1 }
        }
    }

    private func run(_ count: Int) async -> Int {
        await withTaskGroup(of: Int.self) { group in
            for task in 0..<64 {
                group.addTask {
                    var failures = 0
                    for number in stride(from: task, to: count, by: 64) where await !send(number) { failures += 1 }
                    return failures
                }
            }
            return await group.reduce(0, +)
        }
    }

    /// - Returns: Whether it has been answered.
    private func send(_ number: Int) async -> Bool {
        var request = HTTPClientRequest(url: urls[number % urls.count])
        if isClosing { request.headers.add(name: "Connection", value: "close") }
        do {
            let response = try await client.execute(request, timeout: .seconds(10))
            for try await _ in response.body {}
            return true
        } catch {
            return false
        }
    }
}

/// Of this process, in microseconds.
private func processorTime() -> Double {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    let microseconds = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + Double(microseconds)
}
