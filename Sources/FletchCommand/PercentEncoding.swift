/// Writes a file's name into a URL (RFC 3986 §2.1).
enum PercentEncoding {
    static func encode(_ text: String) -> String {
        ByteText.bytes(text).map { byte in
            let character = Character(Unicode.Scalar(byte))
            if character.isASCII, character.isLetter || character.isNumber || "-._~".contains(character) {
                return String(character)
            }
            return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}
