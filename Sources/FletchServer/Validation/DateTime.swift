internal import FletchQueue

/// Moments as text: RFC 3339, which is ISO 8601 with a date, a time and an offset. Without an offset it is UTC's.
enum DateTime {
    /// - Parameter text: Any string. A fraction of a second is cut off after the milliseconds; the second 60 is the next
    ///   one.
    /// - Returns: nil for what is no such text, or no day of the calendar.
    static func timestamp(of text: String) -> Timestamp? {
        var digits = DigitScanner(text)
        guard let year = digits.number(4), digits.take("-"), let month = digits.number(2), digits.take("-"),
            let day = digits.number(2), let dayNumber = number(ofYear: year, month, day),
            digits.take("T") || digits.take("t") || digits.take(" "),
            let seconds = timeOfDay(&digits), let fraction = milliseconds(&digits), let offset = offset(&digits),
            digits.isAtEnd
        else { return nil }
        let second = dayNumber * 86_400 + Int64(seconds - offset)
        return Timestamp(milliseconds: second * 1_000 + Int64(fraction))
    }

    private static func number(ofYear year: Int, _ month: Int, _ day: Int) -> Int64? {
        guard (1...12).contains(month), day >= 1, day <= CivilDate.dayCount(ofMonth: month, inYear: year) else {
            return nil
        }
        return CivilDate(year: year, month: month, day: day).number
    }

    private static func timeOfDay(_ digits: inout DigitScanner) -> Int? {
        guard let hour = digits.number(2), digits.take(":"), let minute = digits.number(2), digits.take(":"),
            let second = digits.number(2), hour < 24, minute < 60, second <= 60
        else { return nil }
        return hour * 3_600 + minute * 60 + second
    }

    private static func milliseconds(_ digits: inout DigitScanner) -> Int? {
        guard digits.take(".") else { return 0 }
        var milliseconds = 0
        var weight = 100
        guard let first = digits.number(1) else { return nil }
        milliseconds += first * weight
        while let digit = digits.number(1) {
            weight /= 10
            milliseconds += digit * weight
        }
        return milliseconds
    }

    /// In seconds, ahead of UTC.
    private static func offset(_ digits: inout DigitScanner) -> Int? {
        if digits.take("Z") || digits.take("z") || digits.isAtEnd { return 0 }
        let isBehind = digits.take("-")
        guard isBehind || digits.take("+"), let hours = digits.number(2), hours < 24 else { return nil }
        if digits.isAtEnd { return hours * (isBehind ? -3_600 : 3_600) }
        _ = digits.take(":")
        guard let minutes = digits.number(2), minutes < 60 else { return nil }
        return (hours * 60 + minutes) * (isBehind ? -60 : 60)
    }
}
