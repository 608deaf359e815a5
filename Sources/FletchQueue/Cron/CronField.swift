/// One of the fields of an expression, in the order in which they are written.
enum CronField: Int, CaseIterable {
    case second, minute, hour, dayOfMonth, month, dayOfWeek

    var name: String {
        switch self {
        case .second: "second"
        case .minute: "minute"
        case .hour: "hour"
        case .dayOfMonth: "day of month"
        case .month: "month"
        case .dayOfWeek: "day of week"
        }
    }

    /// What a number may be.
    var values: ClosedRange<Int> {
        switch self {
        case .second, .minute: 0...59
        case .hour: 0...23
        case .dayOfMonth: 1...31
        case .month: 1...12
        case .dayOfWeek: 0...7
        }
    }

    /// How far `3/2` goes, and after what a range goes on with the first value. Sunday is the first day.
    var last: Int { self == .dayOfWeek ? 6 : values.upperBound }

    /// What stands in place of a leading field that is not written.
    var standard: Substring { self == .second ? "0" : "*" }

    var acceptsQuestionMark: Bool { self == .dayOfMonth || self == .dayOfWeek }

    /// The value of a name such as `jan` or `SUN`.
    func value(named name: Substring) -> Int? { names.firstIndex(of: name.lowercased()).map { $0 + firstNamed } }

    private var firstNamed: Int { values.lowerBound }

    private var names: [String] {
        switch self {
        case .month: Self.months
        case .dayOfWeek: Self.weekdays
        default: []
        }
    }

    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]
    private static let weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

    /// What may be written, for a person.
    var remedy: String {
        switch self {
        case .second, .minute, .hour:
            "write \(values.lowerBound) to \(values.upperBound), a range `1-5`, a step `*/15`, or a list of them"
        case .dayOfMonth: "write 1 to 31, `L` for the last day, a range `1-15`, a step `*/2`, or a list of them"
        case .month: "write 1 to 12 or `jan` to `dec`, a range `jan-mar`, a step `*/3`, or a list of them"
        case .dayOfWeek:
            "write 0 to 7 or `sun` to `sat`, `5L` for the last Friday, `5#2` for the second, a range, or a list"
        }
    }

    /// The field, what it says, what is wrong with it, and what may be written.
    func error(_ text: Substring, _ problem: String) -> CronError {
        .invalid("\(name) \(CronError.quoted(text)): \(problem); \(remedy)")
    }
}
