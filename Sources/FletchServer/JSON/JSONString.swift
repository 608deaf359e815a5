/// Strings in a JSON text.
enum JSONString {
    /// Reads one whose opening quote lies before `start`.
    /// - Returns: It, and how many bytes there are up to and with the closing quote; nil for what is none.
    static func read(_ text: UnsafeBufferPointer<UInt8>, at start: Int) -> (string: String, length: Int)? {
        var end = start
        while end < text.count, text[end] >= 0x20 {
            if text[end] == quote { return plain(text[start..<end]).map { ($0, end + 1 - start) } }
            if text[end] == backslash { return escaped(text, from: start) }
            end += 1
        }
        return nil
    }

    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")

    private static func plain(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> String? {
        String(validating: bytes, as: UTF8.self)
    }

    private static func escaped(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> (String, Int)? {
        var bytes: [UInt8] = []
        var position = start
        while position < text.count, text[position] >= 0x20 {
            let byte = text[position]
            position += 1
            if byte == quote { return String(validating: bytes, as: UTF8.self).map { ($0, position - start) } }
            if byte != backslash {
                bytes.append(byte)
            } else if let escape = escape(text, at: position) {
                bytes.append(contentsOf: String(escape.scalar).utf8)
                position += escape.length
            } else {
                return nil
            }
        }
        return nil
    }

    private static func escape(
        _ text: UnsafeBufferPointer<UInt8>, at position: Int
    ) -> (scalar: Unicode.Scalar, length: Int)? {
        guard position < text.count else { return nil }
        switch text[position] {
        case quote: return ("\"", 1)
        case backslash: return ("\\", 1)
        case UInt8(ascii: "/"): return ("/", 1)
        case UInt8(ascii: "b"): return ("\u{8}", 1)
        case UInt8(ascii: "f"): return ("\u{C}", 1)
        case UInt8(ascii: "n"): return ("\n", 1)
        case UInt8(ascii: "r"): return ("\r", 1)
        case UInt8(ascii: "t"): return ("\t", 1)
        case UInt8(ascii: "u"): return unicode(text, at: position)
        default: return nil
        }
    }

    /// A half of a surrogate pair becomes U+FFFD, as when Node sends it.
    private static func unicode(
        _ text: UnsafeBufferPointer<UInt8>, at position: Int
    ) -> (scalar: Unicode.Scalar, length: Int)? {
        guard let first = codeUnit(text, at: position) else { return nil }
        guard first >> 10 == 0x36 else { return (Unicode.Scalar(first) ?? "\u{FFFD}", 5) }
        guard position + 5 < text.count, text[position + 5] == backslash, let second = codeUnit(text, at: position + 6),
            second >> 10 == 0x37
        else { return ("\u{FFFD}", 5) }
        let scalar = Unicode.Scalar(0x10000 + (first & 0x3FF) << 10 + second & 0x3FF)
        return (scalar ?? "\u{FFFD}", 11)
    }

    /// The four digits after a `u`.
    private static func codeUnit(_ text: UnsafeBufferPointer<UInt8>, at position: Int) -> UInt32? {
        guard position + 4 < text.count, text[position] == UInt8(ascii: "u") else { return nil }
        var unit: UInt32 = 0
        for offset in 1...4 {
            guard let digit = Hexadecimal.value(of: text[position + offset]) else { return nil }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }
}
