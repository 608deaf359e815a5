/// Reads a JSON text (RFC 8259), as strictly as `JSON.parse` does, and what is not UTF-8 not at all.
///
/// A parser of our own because of the batches: values by Foundation's decoder take 7 µs for each job there, as long as
/// storing it does; see docs/decisions.md.
struct JSONParser {
    /// So deep may values lie in one another.
    static let maximumDepth = 256

    private let text: UnsafeBufferPointer<UInt8>
    private var position = 0
    private var depth = 0

    /// - Returns: nil for what is no JSON text.
    static func value(of text: UnsafeBufferPointer<UInt8>) -> JSONValue? {
        var parser = JSONParser(text: text)
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
        guard depth < Self.maximumDepth else { return nil }
        depth += 1
        position += 1
        defer { depth -= 1 }
        return parse(&self)
    }

    private mutating func object() -> JSONValue? {
        var members: [JSONValue.Member] = []
        let isComplete = list(until: UInt8(ascii: "}")) { parser in
            guard let name = parser.string() else { return false }
            parser.skipWhitespace()
            guard parser.take(UInt8(ascii: ":")) else { return false }
            parser.skipWhitespace()
            guard let value = parser.value() else { return false }
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
        let number = Double(String(decoding: text[start..<position], as: UTF8.self))
        // Beyond what a double holds, nothing that a job could mean is left.
        return number.flatMap { $0.isFinite ? .number($0) : nil }
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
