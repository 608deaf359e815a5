import Fletch
import Glibc

extension Load {
    /// Fires as fast as the outbox has room, each request until it is answered.
    func fired(connectionCount: Int, depth: Int) async throws {
        var configuration = configuration
        configuration.fireMilestone = .answered
        configuration.maximumActiveConnectionCount = connectionCount
        configuration.pipelineDepth = depth
        configuration.outboxCapacity = 16_384
        let client = try FletchClient(configuration)
        try await measure(client) { count in
            fire(count, client, capacity: configuration.outboxCapacity)
            let statistics = client.statistics
            return statistics.failedCount + statistics.droppedCount
        }
    }

    /// Half an outbox at a time, whenever there is room for it; returns when all have been answered.
    private func fire(_ count: Int, _ client: FletchClient, capacity: Int) {
        let request = request
        var left = count
        while left > 0 {
            let burst = min(left, capacity / 2)
            waitUntil(client, hasAtMost: capacity - burst)
            for _ in 0..<burst { client.fire(request) }
            left -= burst
        }
        waitUntil(client, hasAtMost: 0)
    }

    private func waitUntil(_ client: FletchClient, hasAtMost count: Int) {
        while client.statistics.pendingCount > count {
            var span = timespec(tv_sec: 0, tv_nsec: 50_000)
            nanosleep(&span, nil)
        }
    }
}
