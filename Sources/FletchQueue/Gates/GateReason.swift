/// Why a gate is shut. Of several, the one that comes first is told.
package enum GateReason: String, CaseIterable, Hashable, Sendable, Comparable {
    case paused
    /// An exclusive job runs, or waits to run alone.
    case exclusive
    /// Another job of the group runs, or waits to be retried.
    case group
    /// Too many deliveries have failed in a row.
    case circuit
    /// This machine has lately lacked what deliveries there take.
    case rest
    /// As many deliveries are under way as there may be.
    case concurrency
    case rate

    package static func < (one: GateReason, other: GateReason) -> Bool { one.rank < other.rank }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? Self.allCases.count }
}
