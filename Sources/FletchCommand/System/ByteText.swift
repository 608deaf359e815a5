/// Text whose bytes need not be UTF-8, as arguments and file names are, in a string, which must be.
///
/// Bytes that are none are kept as the last 128 of the private characters, and come back as they were.
enum ByteText {
    static func text(_ bytes: some Collection<UInt8>) -> String {
        if let text = String(validating: bytes, as: UTF8.self), !text.unicodeScalars.contains(where: isEscape) {
            return text
        }
        var text = String.UnicodeScalarView()
        var rest = bytes[...]
        while !rest.isEmpty {
            var iterator = rest.makeIterator()
            var parser = Unicode.UTF8.ForwardParser()
            switch parser.parseScalar(from: &iterator) {
            case .valid(let encoded) where !isEscape(UTF8.decode(encoded)):
                text.append(UTF8.decode(encoded))
                rest = rest.dropFirst(encoded.count)
            default:
                if let byte = rest.popFirst() { text.append(escape(byte)) }
            }
        }
        return String(text)
    }

    static func bytes(_ text: some StringProtocol) -> [UInt8] {
        guard text.unicodeScalars.contains(where: isEscape) else { return Array(text.utf8) }
        return text.unicodeScalars.flatMap { scalar in
            isEscape(scalar)
                ? [UInt8(truncatingIfNeeded: scalar.value)] : Array(UTF8.encode(scalar) ?? .encodedReplacementCharacter)
        }
    }

    /// Whether all of its bytes are UTF-8.
    static func isUTF8(_ text: String) -> Bool { !text.unicodeScalars.contains(where: isEscape) }

    /// Without the mark that some editors begin a file of UTF-8 with.
    static func withoutMark(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        bytes.starts(with: byteOrderMark) ? bytes.dropFirst(byteOrderMark.count) : bytes
    }

    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// Only bytes of 0x80 and more can be none of UTF-8.
    private static func escape(_ byte: UInt8) -> Unicode.Scalar { Unicode.Scalar(0x10FE00 + UInt32(byte)) ?? "?" }

    private static func isEscape(_ scalar: Unicode.Scalar) -> Bool { (0x10FE80...0x10FEFF).contains(scalar.value) }
}
