/// What was left when a client was drained.
public struct DrainReport: Sendable, Hashable {
    /// Requests that were short of their milestone; each has failed with `clientClosed`.
    public let unfinishedRequestCount: Int
    /// Connections that were still parked, and were let go of.
    public let parkedConnectionCount: Int

    static let nothingLeft = DrainReport(unfinishedRequestCount: 0, parkedConnectionCount: 0)

    static func + (left: DrainReport, right: DrainReport) -> DrainReport {
        DrainReport(
            unfinishedRequestCount: left.unfinishedRequestCount + right.unfinishedRequestCount,
            parkedConnectionCount: left.parkedConnectionCount + right.parkedConnectionCount)
    }
}
