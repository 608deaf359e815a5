import HTTPTypes
import NIOCore

/// A request as the API sees it: whole.
struct APIRequest: Sendable {
    var method: HTTPRequest.Method
    /// As in the request line, still encoded.
    var target: String
    var fields = HTTPFields()
    var body = ByteBuffer()
    /// The name, and perhaps the port, that it is sent to; nil for none.
    var host: String?
    /// Where its connection comes from.
    var peer: SocketAddress?
    /// Whether there is more of the body than is read.
    var isTooLarge = false

    static let maximumBodyBytes = 1 << 20

    /// Whether the fields announce a body, were it an empty one.
    var announcesBody: Bool { fields.contains(.transferEncoding) || fields.contains(.contentLength) }

    /// Whether a body is too large by what is said of it.
    static func announcesTooMuch(_ fields: HTTPFields) -> Bool {
        guard let length = fields.value(of: .contentLength).flatMap(Int.init) else { return false }
        return length > maximumBodyBytes
    }
}
