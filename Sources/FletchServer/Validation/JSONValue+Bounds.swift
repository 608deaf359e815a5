// What a schema says beside the type, in Ajv's words.
extension JSONValue {
    /// - Returns: The number, if it is whole and lies in `range`.
    func asInteger<Number: FixedWidthInteger>(in range: ClosedRange<Number>) throws(Violation) -> Number {
        guard let number = try? asNumber(), number == number.rounded() else { throw Violation("must be integer") }
        try Self.check(number, isIn: range)
        return Number(clamping: number)
    }

    /// - Returns: The number, if it lies in `range`.
    func asNumber(in range: ClosedRange<Int>) throws(Violation) -> Double {
        let number = try asNumber()
        try Self.check(number, isIn: range)
        return number
    }

    /// - Returns: The case of an enumeration that has this text for its raw value.
    func asChoice<Choice: RawRepresentable<String>>() throws(Violation) -> Choice {
        guard let choice = Choice(rawValue: try asString()) else {
            throw Violation("must be equal to one of the allowed values")
        }
        return choice
    }

    /// - Returns: nil for a member that is not there, and for one that is null.
    func integer<Number: FixedWidthInteger>(
        _ name: String, in range: ClosedRange<Number>
    ) throws(Violation) -> Number? {
        try member(name) { value throws(Violation) in try value.asInteger(in: range) }
    }

    func requiredInteger<Number: FixedWidthInteger>(
        _ name: String, in range: ClosedRange<Number>
    ) throws(Violation) -> Number {
        try required(name) { value throws(Violation) in try value.asInteger(in: range) }
    }

    /// Checks which members an object has, as Ajv does before it looks at any of them.
    /// - Throws: If one of `required` is missing or null, or if there is one with another name than these.
    func checkMembers(required: [String] = [], optional: [String]) throws(Violation) {
        for name in required where (self[name] ?? .null) == .null {
            throw Violation("must have required property '\(name)'")
        }
        guard case .object(let members) = self else { return }
        for member in members where !required.contains(member.name) && !optional.contains(member.name) {
            throw Violation("must NOT have additional properties: '\(Self.shortened(member.name))'")
        }
    }

    /// - Returns: A name as it may stand in a message: its first 40 characters.
    static func shortened(_ name: String) -> String {
        let scalars = name.unicodeScalars
        return scalars.count > 40 ? String(scalars.prefix(40)) + "…" : name
    }

    private static func check<Number: FixedWidthInteger>(
        _ number: Double, isIn range: ClosedRange<Number>
    ) throws(Violation) {
        guard number >= Double(range.lowerBound) else { throw Violation("must be >= \(range.lowerBound)") }
        guard number <= Double(range.upperBound) else { throw Violation("must be <= \(range.upperBound)") }
    }
}
