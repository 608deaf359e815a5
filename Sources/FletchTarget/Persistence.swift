import NIOHTTP1

/// Whether a connection stays open after a response, and what the response says of it (RFC 9112 §9.3).
enum Persistence {
    /// It stays open, as the client takes for granted.
    case assumed
    /// It stays open, which a client of HTTP/1.0 has to be told.
    case announced
    /// The target closes it.
    case ends

    /// - Parameter isChunked: Whether the response's end is told by chunks, which HTTP/1.0 does not know: the end of the
    ///   connection tells it then.
    init(after request: HTTPRequestHead, isChunked: Bool) {
        let isVersion1_0 = request.version.minor == 0
        guard request.isKeepAlive, !Self.asksForAnotherProtocol(request), !(isVersion1_0 && isChunked) else {
            self = .ends
            return
        }
        self = isVersion1_0 ? .announced : .assumed
    }

    /// NIO's decoder reads no further behind such a request.
    private static func asksForAnotherProtocol(_ request: HTTPRequestHead) -> Bool {
        let options = request.headers[canonicalForm: "connection"]
        return request.method == .CONNECT
            || options.contains { $0.lowercased() == "upgrade" } && request.headers.contains(name: "upgrade")
    }

    var fields: [String] {
        switch self {
        case .assumed: []
        case .announced: ["Connection: keep-alive"]
        case .ends: ["Connection: close"]
        }
    }
}
