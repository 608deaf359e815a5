/// Writes a JSON text, piece by piece.
struct JSONWriter {
    /// Without ``insertions``.
    private(set) var bytes: [UInt8] = []
    /// Long strings, where those are kept for later.
    private(set) var insertions: [JSONText.Insertion] = []
    private let keepsLongStrings: Bool

    /// Strings of more bytes are long.
    static let longBytes = 1_024

    /// - Parameter keepsLongStrings: They are escaped when the text is sent, then; see ``JSONText``.
    init(keepsLongStrings: Bool = false) { self.keepsLongStrings = keepsLongStrings }

    mutating func raw(_ text: ArraySlice<UInt8>) { bytes.append(contentsOf: text) }

    mutating func raw(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func number(_ number: some BinaryInteger & LosslessStringConvertible) {
        bytes.append(contentsOf: String(number).utf8)
    }

    mutating func bool(_ value: Bool) { raw(value ? "true" : "false") }

    mutating func string(_ string: String) {
        bytes.append(UInt8(ascii: "\""))
        if keepsLongStrings, string.utf8.count > Self.longBytes {
            insertions.append(JSONText.Insertion(offset: bytes.count, string: string))
        } else {
            escaped(string)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// A string without its quotes.
    mutating func escaped(_ string: String) {
        var string = string
        string.withUTF8 { escaped($0) }
    }

    mutating func escaped(_ slice: Substring.UTF8View) {
        if slice.withContiguousStorageIfAvailable({ escaped($0) }) == nil {
            Array(slice).withUnsafeBufferPointer { escaped($0) }
        }
    }

    private mutating func escaped(_ text: UnsafeBufferPointer<UInt8>) {
        var start = 0
        for (index, byte) in text.enumerated() where Self.isEscaped(byte) {
            bytes.append(contentsOf: text[start..<index])
            escape(byte)
            start = index + 1
        }
        bytes.append(contentsOf: text[start...])
    }

    /// How long a string becomes, without its quotes.
    static func escapedByteCount(of string: String) -> Int {
        string.utf8.reduce(0) { count, byte in
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"):
                count + 2
            default: count + (byte < 0x20 ? 6 : 1)
            }
        }
    }

    private static func isEscaped(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): raw("\\\"")
        case UInt8(ascii: "\\"): raw("\\\\")
        case UInt8(ascii: "\n"): raw("\\n")
        case UInt8(ascii: "\r"): raw("\\r")
        case UInt8(ascii: "\t"): raw("\\t")
        default: control(byte)
        }
    }

    /// Within quotes that nothing has to be escaped in.
    mutating func quoted(_ text: [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: text)
        bytes.append(UInt8(ascii: "\""))
    }

    mutating func list<Items: Sequence>(_ items: Items, item: (inout JSONWriter, Items.Element) -> Void) {
        raw("[")
        commaSeparated(items, item: item)
        raw("]")
    }

    mutating func commaSeparated<Items: Sequence>(_ items: Items, item: (inout JSONWriter, Items.Element) -> Void) {
        var isFirst = true
        commaSeparated(items, isFirst: &isFirst, item: item)
    }

    /// - Parameter isFirst: Whether there has been none yet.
    mutating func commaSeparated<Items: Sequence>(
        _ items: Items, isFirst: inout Bool, item: (inout JSONWriter, Items.Element) -> Void
    ) {
        for element in items {
            if !isFirst { raw(",") }
            isFirst = false
            item(&self, element)
        }
    }

    private mutating func control(_ byte: UInt8) {
        raw("\\u00")
        bytes.append(UInt8(ascii: "0") + byte >> 4)
        let low = byte & 15
        bytes.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
    }
}
