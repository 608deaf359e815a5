internal import FletchQueue

/// How the values of control fields are read. What is thrown follows the field's name.
enum ControlValue {
    static func text(_ text: String) throws(Violation) -> String { text }

    static func id(_ text: String) throws(Violation) -> String { try EnqueueBody.id(.string(text)) }

    static func group(_ text: String) throws(Violation) -> String { try EnqueueBody.group(.string(text)) }

    static func method(_ text: String) throws(Violation) -> String { try EnqueueBody.method(.string(text)) }

    static func until(_ text: String) throws(Violation) -> DeliveryGoal { try JSONValue.string(text).asChoice() }

    static func url(_ text: String) throws(Violation) -> String { try JSONValue.string(text).asCallableURL() }

    static func moment(_ text: String) throws(Violation) -> Timestamp { try EnqueueBody.moment(.string(text)) }

    /// - Returns: Milliseconds, 0 included.
    static func duration(_ text: String) throws(Violation) -> Int64 {
        guard let duration = WrittenDuration(text) else {
            throw Violation("must be a duration with a unit: 250ms, 30s, 5m, 2h or 7d")
        }
        return duration.milliseconds
    }

    /// - Returns: Milliseconds.
    static func timeout(_ text: String) throws(Violation) -> Int64 {
        try JSONValue.number(Double(duration(text))).asInteger(in: PolicyBody.timeouts)
    }

    /// A time, or a duration from `now` on.
    static func end(_ text: String, from now: Timestamp) throws(Violation) -> Timestamp {
        if let moment = DateTime.timestamp(of: text) { return moment }
        guard let duration = WrittenDuration(text) else {
            throw Violation("must be a time such as 2026-12-24T18:00:00Z, or a duration with a unit such as 2h")
        }
        return Timestamp(milliseconds: now.milliseconds.addingClamped(duration.milliseconds))
    }

    /// Digits alone: a JSON body may say `1e1`, a field may not.
    static func attempts(_ text: String) throws(Violation) -> JobRetryPolicy {
        let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
        guard !digits.isEmpty, digits.allSatisfy(ASCIISet.digits.contains) else { throw Violation("must be integer") }
        return JobRetryPolicy(attempts: try JSONValue.string(text).asInteger(in: 1...100))
    }
}
