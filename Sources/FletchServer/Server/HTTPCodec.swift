import NIOCore
import NIOHTTP1

/// What turns a connection's bytes into HTTP/1 and back, as long as it speaks that.
struct HTTPCodec {
    /// Behind a request for another protocol the decoder parses nothing, and keeps all that comes: without a limit a client
    /// could fill the memory.
    private static let maximumKeptBytes = 64 << 10

    let encoder = HTTPResponseEncoder()
    let decoder = ByteToMessageHandler(
        HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes), maximumBufferSize: maximumKeptBytes)
}
