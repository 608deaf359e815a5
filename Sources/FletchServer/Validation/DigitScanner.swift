/// Takes a text of digits and marks apart, from front to back.
struct DigitScanner {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = text[...].utf8 }

    var isAtEnd: Bool { rest.isEmpty }

    /// Exactly so many digits; else nothing is taken.
    mutating func number(_ count: Int) -> Int? {
        var number = 0
        let digits = rest.prefix(count)
        guard digits.count == count else { return nil }
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            number = number * 10 + Int(digit - 0x30)
        }
        rest = rest[digits.endIndex...]
        return number
    }

    mutating func take(_ mark: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: mark) else { return false }
        rest.removeFirst()
        return true
    }
}
