import NIOCore
import NIOWebSocket

/// Frames as a server sends them: whole and unmasked (RFC 6455 §5.2). NIO's encoder would write a head of its own for each
/// reader that gets the same frame.
enum SocketFrame {
    static func text(_ text: ByteBuffer) -> ByteBuffer { frame(.text, text) }
    static let ping = frame(.ping, ByteBuffer())
    static func pong(_ data: ByteBuffer) -> ByteBuffer { frame(.pong, data) }

    /// - Parameters:
    ///   - code: nil for none.
    ///   - reason: At most 123 bytes.
    static func close(_ code: WebSocketErrorCode?, _ reason: String = "") -> ByteBuffer {
        var data = ByteBuffer()
        if let code {
            data.write(webSocketErrorCode: code)
            data.writeString(reason)
        }
        return frame(.connectionClose, data)
    }

    private static func frame(_ opcode: WebSocketOpcode, _ data: ByteBuffer) -> ByteBuffer {
        let count = data.readableBytes
        var frame = ByteBuffer()
        frame.reserveCapacity(count + 10)
        frame.writeInteger(0x80 | UInt8(webSocketOpcode: opcode))
        switch count {
        case ...125: frame.writeInteger(UInt8(count))
        case ...0xFFFF: frame.writeMultipleIntegers(UInt8(126), UInt16(count))
        default: frame.writeMultipleIntegers(UInt8(127), UInt64(count))
        }
        frame.writeImmutableBuffer(data)
        return frame
    }
}
