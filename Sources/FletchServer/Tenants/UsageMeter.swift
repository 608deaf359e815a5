internal import Fletch
package import FletchQueue
package import Logging

/// Counts what tenants use, and stores it once a second: a process that dies loses no more than that.
package final class UsageMeter: Sendable {
    private static let interval = Duration.seconds(1)

    private let usage: any UsageStore
    private let logger: Logger
    private let counts = Lock<[String: Int]>([:])

    package init(_ usage: any UsageStore, logger: Logger) {
        self.usage = usage
        self.logger = logger
    }

    /// One more call, or delivery.
    package func count(_ tenant: String) { counts.withLock { $0[tenant, default: 0] += 1 } }

    /// Stores what has been counted, until the task is cancelled; and once more then.
    package func run() async {
        while (try? await ContinuousClock().sleep(for: Self.interval)) != nil { await store() }
        await store()
    }

    /// What tenants have used since the last time.
    func take() async throws(StoreError) -> [String: Int] {
        try await flush()
        return try await usage.takeUsage()
    }

    /// Stores what has been counted. What cannot be stored now is kept for the next time.
    package func store() async {
        do throws(StoreError) {
            try await flush()
        } catch {
            logger.error("what tenants use cannot be stored; it is kept", metadata: ["reason": "\(error)"])
        }
    }

    private func flush() async throws(StoreError) {
        let counted = counts.withLock { counts in
            defer { counts = [:] }
            return counts
        }
        guard !counted.isEmpty else { return }
        do throws(StoreError) {
            try await usage.addUsage(counted)
        } catch {
            counts.withLock { $0.merge(counted, uniquingKeysWith: +) }
            throw error
        }
    }
}
