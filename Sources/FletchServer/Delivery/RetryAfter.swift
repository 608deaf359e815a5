internal import FletchQueue

/// How long an answer asks to wait: the value of its field `Retry-After` (RFC 9110 §10.2.3).
enum RetryAfter {
    /// In milliseconds: a day. A longer wait is cut off there.
    static let longestWait: Int64 = 86_400_000

    /// Returns the wait that a value asks for, in milliseconds: 0 for a date that has passed.
    /// - Parameters:
    ///   - value: Seconds, or a date in any of the three forms that HTTP has (RFC 9110 §5.6.7). Any string is allowed.
    ///   - now: When the answer came.
    /// - Returns: nil for anything else.
    static func milliseconds(_ value: String, at now: Timestamp) -> Int64? {
        if let seconds = seconds(value) { return min(seconds, longestWait / 1_000) * 1_000 }
        guard let date = moment(value, at: now) else { return nil }
        guard date > now else { return 0 }
        let (wait, isTooLong) = date.milliseconds.subtractingReportingOverflow(now.milliseconds)
        return isTooLong ? longestWait : min(wait, longestWait)
    }

    /// - Returns: nil for anything but digits.
    private static func seconds(_ value: String) -> Int64? {
        guard !value.isEmpty, value.utf8.allSatisfy(ASCIISet.digits.contains) else { return nil }
        return Int64(value) ?? .max
    }

    private static func moment(_ value: String, at now: Timestamp) -> Timestamp? {
        let text = DigitScanner(value)
        return fixedDate(text) ?? oldDate(text, at: now) ?? plainDate(text)
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`
    private static func fixedDate(_ text: DigitScanner) -> Timestamp? {
        var text = text
        guard text.takeFirst(of: days) != nil, text.take(word: ", "), let day = text.number(2), text.take(" "),
            let month = text.takeFirst(of: months), text.take(" "), let year = text.number(4), text.take(" "),
            let time = timeOfDay(&text), text.take(word: " GMT"), text.isAtEnd
        else { return nil }
        return moment(year, month + 1, day, time)
    }

    /// `Sunday, 06-Nov-94 08:49:37 GMT`, as in RFC 850.
    private static func oldDate(_ text: DigitScanner, at now: Timestamp) -> Timestamp? {
        var text = text
        guard text.takeFirst(of: longDays) != nil, text.take(word: ", "), let day = text.number(2), text.take("-"),
            let month = text.takeFirst(of: months), text.take("-"), let year = text.number(2), text.take(" "),
            let time = timeOfDay(&text), text.take(word: " GMT"), text.isAtEnd
        else { return nil }
        return moment(wholeYear(year, at: now), month + 1, day, time)
    }

    /// `Sun Nov  6 08:49:37 1994`, as the C library's `asctime` writes it.
    private static func plainDate(_ text: DigitScanner) -> Timestamp? {
        var text = text
        guard text.takeFirst(of: days) != nil, text.take(" "), let month = text.takeFirst(of: months), text.take(" "),
            let day = text.take(" ") ? text.number(1) : text.number(2), text.take(" "), let time = timeOfDay(&text),
            text.take(" "), let year = text.number(4), text.isAtEnd
        else { return nil }
        return moment(year, month + 1, day, time)
    }

    /// In seconds. The second 60 is the next one.
    private static func timeOfDay(_ text: inout DigitScanner) -> Int? {
        guard let hour = text.number(2), text.take(":"), let minute = text.number(2), text.take(":"),
            let second = text.number(2), hour < 24, minute < 60, second <= 60
        else { return nil }
        return hour * 3_600 + minute * 60 + second
    }

    /// Of two digits: the last year with these digits that is not more than 50 years ahead (RFC 9110 §5.6.7).
    private static func wholeYear(_ digits: Int, at now: Timestamp) -> Int {
        let year = CivilDate(number: now.milliseconds.floorDivided(by: 86_400_000)).year
        // No clock is further off, and no sum overflows.
        let latest = min(max(year, 100), 9_900) + 50
        return latest - (latest - digits) % 100
    }

    private static func moment(_ year: Int, _ month: Int, _ day: Int, _ secondOfDay: Int) -> Timestamp? {
        guard day >= 1, day <= CivilDate.dayCount(ofMonth: month, inYear: year) else { return nil }
        let midnight = CivilDate(year: year, month: month, day: day).number * 86_400
        return Timestamp(milliseconds: (midnight + Int64(secondOfDay)) * 1_000)
    }

    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let longDays = [
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    ]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}

extension DigitScanner {
    /// Takes a word of ASCII characters. If another one stands there, nothing is taken.
    fileprivate mutating func take(word: String) -> Bool {
        var text = self
        for letter in word.unicodeScalars {
            guard text.take(letter) else { return false }
        }
        self = text
        return true
    }

    /// Takes the first of `words` that stands there.
    /// - Returns: Its index; nil if none does.
    fileprivate mutating func takeFirst(of words: [String]) -> Int? {
        for (index, word) in words.enumerated() where take(word: word) { return index }
        return nil
    }
}
