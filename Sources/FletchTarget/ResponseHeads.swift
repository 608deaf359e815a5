import NIOHTTP1

/// The heads that a target sends, as text.
enum ResponseHeads {
    /// The head of the final response.
    static func final(to turn: Turn, _ persistence: Persistence, _ configuration: TargetConfiguration) -> String {
        var fields = persistence.fields + ["Content-Type: text/plain"]
        if configuration.isChunked {
            if !turn.isVersion1_0 { fields.append("Transfer-Encoding: chunked") }
        } else if !isBodiless(configuration.status) {
            fields.append("Content-Length: \(configuration.bodyBytes)")
        }
        return head(configuration.status, fields, paddedTo: configuration.headBytes)
    }

    static func json(bytes: Int, _ persistence: Persistence) -> String {
        let fields = ["Content-Type: application/json", "Content-Length: \(bytes)"]
        return head(200, persistence.fields + fields, paddedTo: 0)
    }

    static func empty(_ status: Int, _ persistence: Persistence) -> String {
        head(status, persistence.fields + (status == 204 ? [] : ["Content-Length: 0"]), paddedTo: 0)
    }

    /// Whether such a response has no body (RFC 9110 §6.4.1).
    static func isBodiless(_ status: Int) -> Bool { status == 204 || status == 304 || (100..<200).contains(status) }

    static let earlyHints = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
    static let goOn = "HTTP/1.1 100 Continue\r\n\r\n"

    private static func head(_ status: Int, _ fields: [String], paddedTo size: Int) -> String {
        let reason = HTTPResponseStatus(statusCode: status).reasonPhrase
        var text = "HTTP/1.1 \(status) \(reason)\r\n" + fields.map { $0 + "\r\n" }.joined()
        // Fields of at most 1,000 bytes, as servers accept and send them.
        while text.utf8.count + 2 < size {
            let room = size - text.utf8.count - 2
            let value = max(0, min(room, 1_000) - "X-Padding: \r\n".utf8.count)
            text += "X-Padding: " + String(repeating: "p", count: value) + "\r\n"
        }
        return text + "\r\n"
    }
}
