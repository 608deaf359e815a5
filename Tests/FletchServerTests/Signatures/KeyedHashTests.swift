import Crypto
import Foundation
import Testing

@testable import FletchServer

@Suite struct KeyedHashTests {
    /// Beside the library's own, for keys around the length of a block, and messages in parts.
    @Test(arguments: [0, 1, 32, 63, 64, 65, 200])
    func codeIsThatOfTheLibrary(_ keyBytes: Int) {
        let key = (0..<keyBytes).map { UInt8(truncatingIfNeeded: $0 * 7 + 1) }
        let hash = KeyedHash(key: key)
        for parts in [["", ""], ["body", "1600000000000"], [String(repeating: "ä", count: 1_000), "\u{0}"]] {
            let expected = HMAC<SHA256>.authenticationCode(
                for: Data(parts.joined().utf8), using: SymmetricKey(data: key))
            // Twice: the first must leave nothing behind.
            for _ in 0..<2 { #expect(Array(hash.code(of: parts[0], parts[1])) == Array(expected)) }
        }
    }
}
