import Crypto
internal import FletchQueue

/// HMAC-SHA256 (RFC 2104) with one key.
///
/// Both hashes are kept as they are behind the key, which is half of the work for a short message. The library's own HMAC
/// is generic over the hash: for such a message that costs as much as the hashes do.
struct KeyedHash: Sendable {
    private static let blockBytes = 64

    private var inner = SHA256()
    private var outer = SHA256()

    init(key: [UInt8]) {
        var block = key.count > Self.blockBytes ? Array(SHA256.hash(data: key)) : key
        block += Array(repeating: 0, count: Self.blockBytes - block.count)
        inner.update(data: block.map { $0 ^ 0x36 })
        outer.update(data: block.map { $0 ^ 0x5C })
    }

    /// Nothing of the body is copied.
    /// - Parameters:
    ///   - prefix: What the message has before the body. Default: nothing.
    ///   - suffix: What it has behind the body. Default: nothing.
    func code(of body: Payload, behind prefix: String = "", before suffix: String = "") -> SHA256Digest {
        var (inner, outer) = (inner, outer)
        inner.update(prefix)
        inner.update(body)
        inner.update(suffix)
        inner.finalize().withUnsafeBytes { outer.update(bufferPointer: $0) }
        return outer.finalize()
    }
}

extension SHA256 {
    mutating func update(_ payload: Payload) {
        switch payload {
        case .text(let text): update(text)
        case .bytes(let bytes): bytes.withUnsafeBytes { update(bufferPointer: $0) }
        }
    }

    mutating func update(_ text: String) {
        var text = text
        text.withUTF8 { update(bufferPointer: UnsafeRawBufferPointer($0)) }
    }
}
