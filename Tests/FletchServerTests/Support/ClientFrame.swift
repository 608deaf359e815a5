import NIOCore

/// Frames as a client sends them (RFC 6455 §5.2), or as it should not.
enum ClientFrame {
    static let text: UInt8 = 1
    static let close: UInt8 = 8
    static let ping: UInt8 = 9

    /// - Parameter first: The opcode, and what else is in the first byte beside the end of a message.
    static func bytes(
        _ first: UInt8, _ data: String = "", isFinal: Bool = true, isMasked: Bool = true
    ) -> [UInt8] {
        bytes(first, Array(data.utf8), isFinal: isFinal, isMasked: isMasked)
    }

    static func bytes(
        _ first: UInt8, _ data: [UInt8], isFinal: Bool = true, isMasked: Bool = true
    ) -> [UInt8] {
        var bytes = [(isFinal ? 0x80 : 0) | first]
        let mark: UInt8 = isMasked ? 0x80 : 0
        switch data.count {
        case ...125: bytes.append(mark | UInt8(data.count))
        case ...0xFFFF: bytes += [mark | 126, UInt8(data.count >> 8), UInt8(data.count & 0xFF)]
        default: bytes += [mark | 127] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: data.count >> ($0 * 8)) }
        }
        guard isMasked else { return bytes + data }
        let mask: [UInt8] = [0x12, 0x34, 0x56, 0x78]
        return bytes + mask + data.enumerated().map { $1 ^ mask[$0 % 4] }
    }
}
