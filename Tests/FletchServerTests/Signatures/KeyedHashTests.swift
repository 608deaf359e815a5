import Crypto
import FletchQueue
import Foundation
import Testing

@testable import FletchServer

@Suite struct KeyedHashTests {
    private static let parts: [(prefix: String, body: Payload, suffix: String)] = [
        ("", "", ""), ("", "body", "1600000000000"), ("id.1600000000.", "body", ""),
        ("", .text(String(repeating: "ä", count: 1_000)), "\u{0}"), ("a", .bytes([0xFF, 0x00, 0xC3]), "b"),
    ]

    /// Beside the library's own, for keys around the length of a block, and messages in parts.
    @Test(arguments: [0, 1, 32, 63, 64, 65, 200])
    func codeIsThatOfTheLibrary(_ keyBytes: Int) {
        let key = (0..<keyBytes).map { UInt8(truncatingIfNeeded: $0 * 7 + 1) }
        let hash = KeyedHash(key: key)
        for (prefix, body, suffix) in Self.parts {
            let message = Array(prefix.utf8) + body.bytes + Array(suffix.utf8)
            let expected = HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: key))
            // Twice: the first must leave nothing behind.
            for _ in 0..<2 {
                #expect(Array(hash.code(of: body, behind: prefix, before: suffix)) == Array(expected))
            }
        }
    }
}
