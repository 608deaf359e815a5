/// Reads an expression; see ``CronExpression`` for what may be written.
enum CronParser {
    /// - Parameter wraps: As in ``CronItem``.
    static func fields(of expression: String, wraps: Bool) throws(CronError) -> CronFields {
        guard expression.utf8.count <= maximumBytes else {
            throw .invalid(
                "the expression has more than \(maximumBytes) bytes; write ranges and steps, or several jobs")
        }
        let words = expression.split { $0.isASCII && $0.isWhitespace }
        let fields = try read(try expanded(words), wraps: wraps)
        // Every weekday is a 29 February within 28 years of 1970: what has not come by then never does.
        guard fields.next(after: 0) != nil else {
            throw CronError(
                code: .neverFires,
                message: "\(CronError.quoted(expression)) never fires: none of its months has such a day;"
                    + " write days that exist, or `L` for the last of the month")
        }
        return fields
    }

    static let maximumBytes = 1024

    private static func expanded(_ words: [Substring]) throws(CronError) -> [Substring] {
        guard let first = words.first else {
            throw .invalid("the expression is empty; write five fields, such as `0 9 * * mon-fri`, or `@daily`")
        }
        guard first.hasPrefix("@") else { return words }
        guard words.count == 1, let fields = nicknames[first.lowercased()] else {
            throw .invalid(
                "nickname \(CronError.quoted(words.joined(separator: " "))): not known;"
                    + " write one of \(nicknames.keys.sorted().joined(separator: ", ")), or five fields")
        }
        return fields.split(separator: " ")
    }

    private static func read(_ words: [Substring], wraps: Bool) throws(CronError) -> CronFields {
        let missing = CronField.allCases.count - words.count
        guard missing >= 0 else {
            throw .invalid(
                "\(words.count) fields are too many; write five (minute, hour, day of month, month, day of week),"
                    + " or six with the second before them")
        }
        var fields = CronFields()
        for field in CronField.allCases {
            let text = field.rawValue < missing ? field.standard : words[field.rawValue - missing]
            try read(text, field, wraps: wraps, into: &fields)
        }
        return fields
    }

    private static func read(
        _ text: Substring, _ field: CronField, wraps: Bool, into fields: inout CronFields
    ) throws(CronError) {
        var values = BitSet64()
        for text in text.split(separator: ",", omittingEmptySubsequences: false) {
            switch try CronItem(text, of: field, wraps: wraps) {
            case .values(let numbers): for number in numbers { values.insert(number) }
            case .lastDay: fields.days.includesLastDay = true
            case .weekday(let weekday, let week): fields.days.weekdays.insert(weekday, week: week)
            }
        }
        fields.set(values, for: field)
    }

    private static let nicknames = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
        "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
    ]
}

extension CronFields {
    fileprivate mutating func set(_ values: BitSet64, for field: CronField) {
        switch field {
        case .second: seconds = values
        case .minute: minutes = values
        case .hour: hours = values
        case .dayOfMonth: days.daysOfMonth = values
        case .month: months = values
        case .dayOfWeek:
            days.isDayOfWeekRestricted = !values.isSuperset(of: field.values)
            for day in field.values where values.contains(day) { days.weekdays.insertInEveryWeek(day % 7) }
        }
    }
}
