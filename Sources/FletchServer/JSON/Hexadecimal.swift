import Foundation

enum Hexadecimal {
    static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// In lower case.
    static func text(of bytes: some ContiguousBytes, behind prefixes: String...) -> String {
        let prefixBytes = prefixes.reduce(0) { $0 + $1.utf8.count }
        return bytes.withUnsafeBytes { bytes in
            String(unsafeUninitializedCapacity: prefixBytes + 2 * bytes.count) { text in
                var end = 0
                for prefix in prefixes { end = text[end...].initialize(fromContentsOf: prefix.utf8) }
                for byte in bytes {
                    text[end] = digit(byte >> 4)
                    text[end + 1] = digit(byte & 15)
                    end += 2
                }
                return end
            }
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value &+ (value < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
    }
}
