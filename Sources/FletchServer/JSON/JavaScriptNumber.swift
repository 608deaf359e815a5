/// Numbers as text and text as numbers, as JavaScript has it: Ajv's coercion is made of both.
enum JavaScriptNumber {
    /// What `String(number)` gives (ECMA-262, Number::toString): the fewest digits that tell it from its neighbours, and an
    /// exponent from 1e21 and below 1e-6.
    static func text(of number: Double) -> String {
        guard number.isFinite else { return number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity" }
        guard number != 0 else { return "0" }
        let sign = number < 0 ? "-" : ""
        let (digits, point) = digits(of: abs(number))
        let count = digits.count
        return switch point {
        case count...max(count, 21): sign + digits + zeros(point - count)
        case 1...21: sign + digits.prefix(point) + "." + digits.dropFirst(point)
        case -5...0: sign + "0." + zeros(-point) + digits
        default: sign + scientific(digits, exponent: point - 1)
        }
    }

    /// What `Number(text)` gives.
    /// - Returns: nil for NaN; may be infinite.
    static func value(of text: String) -> Double? {
        let scalars = text.unicodeScalars.drop(while: isWhitespace)
        let end = scalars.lastIndex { !isWhitespace($0) }.map { scalars.index(after: $0) } ?? scalars.startIndex
        let text = String(scalars[..<end])
        if text.isEmpty { return 0 }
        if let radix = ["0x": 16, "0o": 8, "0b": 2][text.prefix(2).lowercased()] {
            return whole(text.dropFirst(2), radix: Double(radix))
        }
        return decimal(text)
    }

    /// The digits without zeros at either end, and how many of them stand before the point.
    private static func digits(of number: Double) -> (digits: String, point: Int) {
        // Swift writes the fewest digits, too: `1e-07`, `123.5`, `5e-324`.
        let parts = "\(number)".split(separator: "e")
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let all = mantissa.joined()
        let significant = all.drop { $0 == "0" }
        let point = mantissa[0].count + exponent - (all.count - significant.count)
        let last = significant.lastIndex { $0 != "0" } ?? significant.startIndex
        return (String(significant[...last]), point)
    }

    private static func scientific(_ digits: String, exponent: Int) -> String {
        let mantissa = digits.count == 1 ? digits : "\(digits.prefix(1)).\(digits.dropFirst())"
        return "\(mantissa)e\(exponent < 0 ? "-" : "+")\(abs(exponent))"
    }

    private static func zeros(_ count: Int) -> String { String(repeating: "0", count: count) }

    private static func whole(_ digits: Substring, radix: Double) -> Double? {
        guard !digits.isEmpty else { return nil }
        var value = 0.0
        for digit in digits.utf8 {
            guard let number = Hexadecimal.value(of: digit), Double(number) < radix else { return nil }
            value = value * radix + Double(number)
        }
        return value
    }

    private static func decimal(_ text: String) -> Double? {
        let unsigned = text.first == "-" || text.first == "+" ? text.dropFirst() : text[...]
        if unsigned == "Infinity" { return text.first == "-" ? -.infinity : .infinity }
        // Swift takes words and hexadecimal digits as well.
        guard unsigned.utf8.contains(where: { (0x30...0x39).contains($0) }), unsigned.first != "-",
            unsigned.first != "+",
            text.utf8.allSatisfy({ "0123456789.eE+-".utf8.contains($0) })
        else { return nil }
        return Double(text)
    }

    /// White space and ends of lines (ECMA-262 §12.2, §12.3).
    private static func isWhitespace(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\t", "\n", "\u{B}", "\u{C}", "\r", "\u{2028}", "\u{2029}", "\u{FEFF}": true
        default: scalar.properties.generalCategory == .spaceSeparator
        }
    }
}
