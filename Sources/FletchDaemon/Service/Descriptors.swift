import Fletch
import Glibc
import NIOCore

/// The file descriptors of this process.
enum Descriptors {
    /// Raises the limit as far as the process may, and deals it out.
    /// - Parameter yetToBeOpenedCount: How many are still to be opened before there is anything to deal out.
    static func budget(
        concurrency: Int, totalConcurrency: Int, maximumConnectionCount: Int, yetToBeOpenedCount: Int = 0
    ) throws(TooFewDescriptors) -> DescriptorBudget {
        let limit = raiseLimit()
        // The server has a thread for each processor, each with epoll, an eventfd and a timer.
        let openCount = (OpenDescriptors.count ?? expectedOpenCount) + yetToBeOpenedCount + 3 * System.coreCount
        let budget = DescriptorBudget(
            limit: limit, openCount: openCount, concurrency: concurrency,
            totalConcurrency: totalConcurrency, maximumConnectionCount: maximumConnectionCount)
        guard let budget else {
            throw TooFewDescriptors(limit: limit, openCount: openCount)
        }
        return budget
    }

    /// For connections to the incident receiver.
    static let incidentCount = 4

    /// How many a store holds.
    static let storeCount = 14

    private static func raiseLimit() -> Int {
        guard var limit = OpenDescriptors.limit else { return usual }
        let wanted = min(limit.rlim_max, rlim_t(mostOfUse))
        if limit.rlim_cur < wanted {
            var raised = limit
            raised.rlim_cur = wanted
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
        }
        return Int(clamping: limit.rlim_cur)
    }

    private static let expectedOpenCount = 16
    private static let usual = 1_024
    private static let mostOfUse = 1 << 20
}
