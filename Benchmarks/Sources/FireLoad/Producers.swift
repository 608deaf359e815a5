import Fletch
import Foundation
import Synchronization

/// Threads that fire at the same time, in bursts that the outbox has room for.
final class Producers: Sendable {
    private let count: Int
    private let burst: Int
    private let client: FletchClient
    private let request: FletchRequest
    private let results = Mutex<[Int64]>([])

    init(count: Int, burst: Int, _ client: FletchClient, _ request: FletchRequest) {
        self.count = count
        self.burst = burst
        self.client = client
        self.request = request
    }

    /// - Returns: The nanoseconds of each call, in order, less what it costs to look at the clock.
    func times(bursts: Int) -> [Int64] {
        results.withLock { $0 = [] }
        let start = Start()
        for _ in 0..<count { Thread.detachNewThread { self.fire(bursts: bursts, start) } }
        for number in 1...bursts {
            start.waitUntilReady(count)
            waitUntilEmpty()
            start.give(number)
        }
        start.waitUntilReady(count)
        let overhead = Self.clockOverhead
        return results.withLock { $0.sorted().map { $0 - overhead } }
    }

    private func fire(bursts: Int, _ start: Start) {
        var times: [Int64] = []
        times.reserveCapacity(burst * bursts)
        for number in 1...bursts {
            start.wait(for: number)
            for _ in 0..<burst {
                let begin = Self.now
                client.fire(request)
                times.append(Self.now - begin)
            }
        }
        results.withLock { $0 += times }
        start.noteReady()
    }

    private func waitUntilEmpty() {
        while client.statistics.pendingCount > 0 { usleep(200) }
    }

    private static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private static var clockOverhead: Int64 {
        let differences = (0..<1_001).map { _ in
            let start = now
            return now - start
        }
        return differences.sorted()[500]
    }
}
