/// Reads a JSON text (RFC 8259), as strictly as `JSON.parse` does, and what is not UTF-8 not at all.
///
/// A parser of our own because of the batches: values by Foundation's decoder take 7 µs for each job there, as long as
/// storing it does; see docs/decisions.md.
struct JSONParser {
    /// What lies deeper is checked, and no value is made of it: nobody asks for one, and it may be as deep as it is long.
    static let maximumDepth = 32

    private let text: UnsafeBufferPointer<UInt8>
    private var position = 0
    private var depth = 0
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// - Returns: nil for what is no JSON text.
    static func value(of text: UnsafeBufferPointer<UInt8>) -> JSONValue? {
        var parser = JSONParser(text: text)
        // Fastify leaves it out as well.
        if text.starts(with: byteOrderMark) { parser.position = byteOrderMark.count }
        parser.skipWhitespace()
        guard let value = parser.value() else { return nil }
        parser.skipWhitespace()
        return parser.position == text.count ? value : nil
    }

    private init(text: UnsafeBufferPointer<UInt8>) { self.text = text }

    private var byte: UInt8? { position < text.count ? text[position] : nil }

    private mutating func value() -> JSONValue? {
        switch byte {
        case UInt8(ascii: "{"): nested { $0.object() }
        case UInt8(ascii: "["): nested { $0.array() }
        case UInt8(ascii: "\""): string().map(JSONValue.string)
        case UInt8(ascii: "t"): word("true") ? .bool(true) : nil
        case UInt8(ascii: "f"): word("false") ? .bool(false) : nil
        case UInt8(ascii: "n"): word("null") ? .null : nil
        default: number()
        }
    }

    private mutating func nested(_ parse: (inout JSONParser) -> JSONValue?) -> JSONValue? {
        guard depth < Self.maximumDepth else { return skipsDeepValue() ? .array([]) : nil }
        depth += 1
        position += 1
        defer { depth -= 1 }
        return parse(&self)
    }

    private mutating func object() -> JSONValue? {
        var members: [JSONValue.Member] = []
        let isComplete = list(until: UInt8(ascii: "}")) { parser in
            guard let name = parser.name(), let value = parser.value() else { return false }
            members.append(JSONValue.Member(name: name, value: value))
            return true
        }
        return isComplete ? .object(members) : nil
    }

    private mutating func array() -> JSONValue? {
        var values: [JSONValue] = []
        let isComplete = list(until: UInt8(ascii: "]")) { parser in
            guard let value = parser.value() else { return false }
            values.append(value)
            return true
        }
        return isComplete ? .array(values) : nil
    }

    /// Items with commas between them, and the bracket that closes them.
    private mutating func list(until end: UInt8, item: (inout JSONParser) -> Bool) -> Bool {
        skipWhitespace()
        if take(end) { return true }
        while true {
            guard item(&self) else { return false }
            skipWhitespace()
            if take(end) { return true }
            guard take(UInt8(ascii: ",")) else { return false }
            skipWhitespace()
        }
    }

    private mutating func string() -> String? {
        guard take(UInt8(ascii: "\"")), let (string, length) = JSONString.read(text, at: position) else { return nil }
        position += length
        return string
    }

    private mutating func number() -> JSONValue? {
        let start = position
        _ = take(UInt8(ascii: "-"))
        guard take(UInt8(ascii: "0")) || digits() else { return nil }
        if take(UInt8(ascii: ".")), !digits() { return nil }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            _ = take(UInt8(ascii: "+")) || take(UInt8(ascii: "-"))
            guard digits() else { return nil }
        }
        return Double(String(decoding: text[start..<position], as: UTF8.self)).map(JSONValue.number)
    }

    /// Goes over an array or an object, however deep it is: what is open is remembered by the bracket that closes it.
    /// - Returns: Whether it is one.
    private mutating func skipsDeepValue() -> Bool {
        var ends: [UInt8] = []
        repeat {
            if let end = takeOpening() {
                ends.append(end)
                skipWhitespace()
                if byte != end {
                    guard end == UInt8(ascii: "]") || name() != nil else { return false }
                    continue
                }
            } else if value() == nil {
                return false
            }
            guard closes(&ends) else { return false }
        } while !ends.isEmpty
        return true
    }

    /// - Returns: The bracket that closes it.
    private mutating func takeOpening() -> UInt8? {
        if take(UInt8(ascii: "[")) { return UInt8(ascii: "]") }
        return take(UInt8(ascii: "{")) ? UInt8(ascii: "}") : nil
    }

    /// A member's name, up to its value.
    private mutating func name() -> String? {
        guard let name = string() else { return nil }
        skipWhitespace()
        guard take(UInt8(ascii: ":")) else { return nil }
        skipWhitespace()
        return name
    }

    /// What stands behind a value: brackets that close, and a comma where one is still open.
    private mutating func closes(_ ends: inout [UInt8]) -> Bool {
        while let end = ends.last {
            skipWhitespace()
            if take(end) {
                ends.removeLast()
                continue
            }
            guard take(UInt8(ascii: ",")) else { return false }
            skipWhitespace()
            return end == UInt8(ascii: "]") || name() != nil
        }
        return true
    }

    /// Whether there is a digit at least.
    private mutating func digits() -> Bool {
        let start = position
        while let byte, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { position += 1 }
        return position > start
    }

    private mutating func word(_ word: StaticString) -> Bool {
        for offset in 0..<word.utf8CodeUnitCount where !take(word.utf8Start[offset]) { return false }
        return true
    }

    private mutating func take(_ expected: UInt8) -> Bool {
        guard byte == expected else { return false }
        position += 1
        return true
    }

    private mutating func skipWhitespace() {
        while let byte, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }
}
