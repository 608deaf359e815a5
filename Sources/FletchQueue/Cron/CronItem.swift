/// One item of a field's list.
enum CronItem {
    /// `*`, `5`, `1-5`, `*/2`: in the order of the field, after its last value comes its first.
    case values([Int])
    /// `L` as a day of the month.
    case lastDay
    /// `5#2`, `5L`.
    case weekday(Int, week: Int)

    /// - Parameter wraps: Whether any range may end before it begins; else only one of names of weekdays may.
    init(_ text: Substring, of field: CronField, wraps: Bool) throws(CronError) {
        guard !text.isEmpty else { throw field.error(text, "an item of the list is empty") }
        if field == .dayOfMonth, Self.isL(text) {
            self = .lastDay
        } else if field == .dayOfWeek, text.contains("#") {
            self = try Self.nth(text)
        } else if field == .dayOfWeek, text.last.map({ Self.isL(String($0)) }) == true {
            self = .weekday(try Self.weekday(text.dropLast(), in: text), week: Weekdays.lastWeek)
        } else {
            self = .values(try Self.range(text, of: field, wraps: wraps))
        }
    }

    private static func isL(_ text: some StringProtocol) -> Bool { text == "L" || text == "l" }

    // MARK: Weekdays of one week

    private static func nth(_ text: Substring) throws(CronError) -> CronItem {
        let parts = text.split(separator: "#", omittingEmptySubsequences: false)
        guard parts.count == 2, let nth = number(parts[1]), (1...5).contains(nth) else {
            throw CronField.dayOfWeek.error(text, "behind `#` stands which of the month it is, 1 to 5")
        }
        return .weekday(try weekday(parts[0], in: text), week: nth - 1)
    }

    private static func weekday(_ day: Substring, in text: Substring) throws(CronError) -> Int {
        guard !day.isEmpty else { throw CronField.dayOfWeek.error(text, "it does not say which day of the week") }
        return try value(day, of: .dayOfWeek, in: text) % 7
    }

    // MARK: Ranges and steps

    private static func range(_ text: Substring, of field: CronField, wraps: Bool) throws(CronError) -> [Int] {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2 else { throw field.error(text, "one `/` is enough") }
        guard parts.count == 2 else { return try span(parts[0], of: field, isStepped: false, wraps: wraps, in: text) }
        guard let step = number(parts[1]), step > 0 else {
            throw field.error(text, "behind `/` stands a number of at least 1")
        }
        return try span(parts[0], of: field, isStepped: true, wraps: wraps, in: text).enumerated()
            .filter { $0.offset % step == 0 }.map(\.element)
    }

    private static func span(
        _ text: Substring, of field: CronField, isStepped: Bool, wraps: Bool, in item: Substring
    ) throws(CronError) -> [Int] {
        if text == "*" || (text == "?" && field.acceptsQuestionMark) { return Array(field.values) }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count <= 2 else { throw field.error(item, "a range has two ends, and no value is negative") }
        let begin = try value(ends[0], of: field, in: item)
        guard ends.count == 2 else { return isStepped ? span(begin, field.last, of: field) : [begin] }
        let end = try value(ends[1], of: field, in: item)
        let isNamed = field == .dayOfWeek && ends.allSatisfy { field.value(named: $0) != nil }
        guard begin <= end || wraps || isNamed else {
            throw field.error(item, "a range begins with its lower end; write two of them, with a comma between")
        }
        return span(begin, end, of: field)
    }

    /// Goes on with the field's first value where the end comes before the begin: `fri-mon`.
    private static func span(_ begin: Int, _ end: Int, of field: CronField) -> [Int] {
        // Sunday as 7 ends a week (`5-7`), and as 0 begins one (`7-2`).
        if begin > field.last { return end > field.last ? [0] : Array(0...end) }
        return begin <= end ? Array(begin...end) : Array(begin...field.last) + Array(field.values.lowerBound...end)
    }

    // MARK: Values

    private static func value(_ text: Substring, of field: CronField, in item: Substring) throws(CronError) -> Int {
        if let value = field.value(named: text) { return value }
        guard let value = number(text) else { throw field.error(item, problem(text)) }
        guard field.values.contains(value) else {
            throw field.error(item, "\(value) is not from \(field.values.lowerBound) to \(field.values.upperBound)")
        }
        return value
    }

    private static func problem(_ text: Substring) -> String {
        if text.isEmpty { return "a value is missing" }
        if text.uppercased().contains("W") { return "\(CronError.quoted(text)) is no value, and `W` is not known" }
        return "\(CronError.quoted(text)) is no value"
    }

    /// Digits only: no sign. nil as well where no integer holds it.
    private static func number(_ text: Substring) -> Int? {
        text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int(text) : nil
    }
}
