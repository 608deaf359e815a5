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

/// How a loop comes to its end: once nothing is left, or at the earliest limit that anyone has set.
struct Drain {
    private(set) var deadline: Moment?
    private(set) var isOver = false
    private var completions: [@Sendable (DrainReport) -> Void] = []
    private var report = DrainReport.nothingLeft
    private(set) var isBegun = false

    mutating func begin(until deadline: Moment, _ completion: @escaping @Sendable (DrainReport) -> Void) {
        isBegun = true
        self.deadline = min(deadline, self.deadline ?? deadline)
        completions.append(completion)
    }

    /// The limit has passed with so much left.
    mutating func giveUp(_ report: DrainReport) {
        self.report = report
        deadline = nil
    }

    mutating func check(remaining: Int) {
        if isBegun, remaining == 0 { isOver = true }
    }

    /// Tells whoever waits; the loop has done everything else by then.
    mutating func complete() {
        for completion in completions { completion(report) }
        completions = []
    }
}
