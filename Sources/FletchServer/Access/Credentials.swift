import Foundation

/// What a request's `Authorization` field says (RFC 6750, RFC 7617).
enum Credentials: Hashable, Sendable {
    case none
    case bearer(String)
    case basic(user: String, password: String)
    /// Of another scheme, or malformed.
    case unreadable

    /// - Parameter field: Its value; nil where there is none.
    init(_ field: String?) {
        guard let field else {
            self = .none
            return
        }
        let end = field.utf8.firstIndex(of: UInt8(ascii: " ")) ?? field.endIndex
        let value = Substring(field.utf8[end...].drop { $0 == UInt8(ascii: " ") })
        switch field[..<end].lowercased() {
        case "bearer" where !value.isEmpty: self = .bearer(String(value))
        case "basic": self = Self.basic(value) ?? .unreadable
        default: self = .unreadable
        }
    }

    /// Whether it has three parts (RFC 7519 §3.1). Tokens have no dot.
    static func isJWT(_ value: String) -> Bool {
        var value = value
        return value.withUTF8 { bytes in bytes.count { $0 == UInt8(ascii: ".") } } == 2
    }

    private static func basic(_ encoded: Substring) -> Credentials? {
        guard let bytes = Data(base64Encoded: String(encoded)), let text = String(validating: bytes, as: UTF8.self),
            // A passphrase has no colon, a tenant's name may have one.
            let colon = text.utf8.lastIndex(of: UInt8(ascii: ":"))
        else { return nil }
        return .basic(user: String(text[..<colon]), password: String(text[text.utf8.index(after: colon)...]))
    }
}
