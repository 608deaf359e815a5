import CLinux

/// A moment of the monotonic clock, in nanoseconds. A bare integer, as a loop compares thousands of them.
package struct Moment: Comparable, Hashable, Sendable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static var now: Moment { Moment(nanoseconds: fletch_monotonic_nanoseconds()) }

    /// Later than every other.
    package static let never = Moment(nanoseconds: .max)

    package static func < (left: Moment, right: Moment) -> Bool { left.nanoseconds < right.nanoseconds }

    /// Never past the end of time, however long the span.
    package static func + (left: Moment, nanoseconds: Int64) -> Moment {
        let (sum, isPastTheEnd) = left.nanoseconds.addingReportingOverflow(max(0, nanoseconds))
        return Moment(nanoseconds: isPastTheEnd ? .max : sum)
    }

    package static func - (left: Moment, right: Moment) -> Duration {
        .nanoseconds(left.nanoseconds - right.nanoseconds)
    }
}

extension Duration {
    /// In nanoseconds, or the nearest that an Int64 holds.
    package var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, isTooLarge) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !isTooLarge else { return seconds < 0 ? .min : .max }
        let (sum, isOver) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        return isOver ? (seconds < 0 ? .min : .max) : sum
    }
}
