import NIOHTTP1

/// Whether a connection stays open after a response, and what the response says of it (RFC 9112 §9.3).
enum Persistence {
    /// It stays open, as the client takes for granted.
    case assumed
    /// It stays open, which a client of HTTP/1.0 has to be told.
    case announced
    /// The target closes it.
    case ends

    init(after request: HTTPRequestHead) {
        guard request.isKeepAlive else {
            self = .ends
            return
        }
        self = request.version == .http1_0 ? .announced : .assumed
    }

    var fields: [String] {
        switch self {
        case .assumed: []
        case .announced: ["Connection: keep-alive"]
        case .ends: ["Connection: close"]
        }
    }
}
