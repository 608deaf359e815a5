/// What a job delivers: any bytes.
///
/// Bytes that are UTF-8 are always ``text(_:)``, however they came; see ``init(_:)``.
package enum Payload: Hashable, Sendable, ExpressibleByStringLiteral {
    case text(String)
    /// Bytes that are not UTF-8.
    case bytes([UInt8])

    package init(_ bytes: [UInt8]) { self = bytes.withUnsafeBytes(Payload.init) }

    package init(_ bytes: UnsafeRawBufferPointer) {
        let text = String(validating: bytes, as: UTF8.self)
        self = text.map(Payload.text) ?? .bytes(Array(bytes))
    }

    package init(stringLiteral text: String) { self = .text(text) }

    /// nil if the bytes are not UTF-8.
    package var text: String? {
        if case .text(let text) = self { text } else { nil }
    }

    package var bytes: [UInt8] {
        switch self {
        case .text(let text): Array(text.utf8)
        case .bytes(let bytes): bytes
        }
    }

    package var byteCount: Int {
        switch self {
        case .text(let text): text.utf8.count
        case .bytes(let bytes): bytes.count
        }
    }

    package var isEmpty: Bool { byteCount == 0 }
}
