/// How long a job waits after each run that failed before it runs again.
package struct RetrySchedule: Hashable, Sendable {
    package static let maximumCount = 10

    /// In milliseconds, one for each retry: as many retries as there are waits. None by default.
    package var waits: [Int64]

    package init(waits: [Int64] = []) { self.waits = waits }

    /// - Parameter count: Which run has failed, from 1.
    /// - Returns: nil where it was the last.
    func wait(after count: Int) -> Int64? { count >= 1 && count <= waits.count ? waits[count - 1] : nil }
}
