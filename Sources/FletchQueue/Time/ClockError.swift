/// Why an advance of the test clock has ended early. What was delivered by then stays delivered.
package struct ClockError: Error, Hashable, CustomStringConvertible {
    package struct Code: RawRepresentable, Hashable, Sendable {
        package let rawValue: String

        package init(rawValue: String) { self.rawValue = rawValue }

        /// More deliveries were due than one advance makes.
        package static let tooLong = Code(rawValue: "clock-advance-too-long")
        /// This machine could not make the deliveries that were due.
        package static let stuck = Code(rawValue: "clock-advance-stuck")
        /// Nothing is delivered any more: the process ends.
        package static let draining = Code(rawValue: "draining")
    }

    package let code: Code
    /// What has happened, where the clock stands, and the remedy.
    package let message: String

    package var description: String { message }

    static func tooLong(_ count: Int, at now: Timestamp) -> ClockError {
        ClockError(
            code: .tooLong,
            message: """
                more than \(count) deliveries were due in one advance: the clock stands at \(now.text). Advance it by \
                less, or delete the job that repeats so often or is enqueued again by each of its deliveries
                """)
    }

    static func stuck(at now: Timestamp) -> ClockError {
        ClockError(
            code: .stuck,
            message: """
                this machine cannot make the deliveries that are due: the clock stands at \(now.text). The log of \
                fletchd names the reason; mend that, and advance again
                """)
    }

    static func draining(at now: Timestamp) -> ClockError {
        ClockError(
            code: .draining,
            message: """
                fletchd shuts down and delivers nothing more: the clock stands at \(now.text). Advance it after \
                the next start; it begins at the system's time then
                """)
    }
}

extension Timestamp {
    fileprivate var text: String { String(decoding: isoBytes, as: UTF8.self) }
}
