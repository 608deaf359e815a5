import Foundation

/// Bytes in base64, as RFC 4648 §4 has it.
enum Base64Body {
    /// - Throws: For anything else; also for a text without padding, with white space, or with bits behind the last byte
    ///   that are not zero.
    static func bytes(_ value: JSONValue) throws(Violation) -> [UInt8] {
        let text = try value.asString()
        // Each text but the strict one is written in another way than it was read.
        guard let data = Data(base64Encoded: text), data.base64EncodedString().utf8.elementsEqual(text.utf8) else {
            throw Violation("must be base64 with padding (RFC 4648)")
        }
        return Array(data)
    }
}
