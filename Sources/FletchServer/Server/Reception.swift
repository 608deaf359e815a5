import NIOHTTP1

/// What the head of a request says of its connection (RFC 9112): looked at before it is handed on, which loses the version
/// and any second `Host`.
struct Reception: Equatable {
    /// Whether another request may follow (RFC 9112 §9.3). NIO's decoder reads none behind one that asks for another protocol,
    /// which nobody speaks here.
    let persists: Bool
    /// Whether the client speaks HTTP/1.0: it is told that its connection persists, and knows no chunks.
    let isVersion1_0: Bool
    /// Whether the client waits to be told to go on with its body, and the body is one that would be taken.
    let awaitsContinue: Bool
    /// Whether the client would rather speak WebSocket (RFC 6455 §4.2.1).
    let asksForSocket: Bool
    let fault: ConnectionFault?

    init(_ head: HTTPRequestHead) {
        isVersion1_0 = head.version.minor == 0
        let options = Self.tokens(of: "connection", in: head)
        let asksForAnother = Self.asksForAnotherProtocol(head, options)
        asksForSocket =
            asksForAnother && !isVersion1_0 && head.method == .GET && !Self.announcesBody(head)
            && Self.tokens(of: "upgrade", in: head).contains("websocket")
        persists =
            !options.contains("close") && (!isVersion1_0 || options.contains("keep-alive"))
            && !asksForAnother
        let expectations = isVersion1_0 ? [] : Self.tokens(of: "expect", in: head)
        awaitsContinue = expectations == ["100-continue"] && !Self.announcesTooMuch(head)
        fault =
            if head.version.major != 1 {
                .version
            } else if !Self.namesItsHost(head, isRequired: !isVersion1_0) {
                .host
            } else if !Self.hasClearEnd(head, knowsChunks: !isVersion1_0) {
                .transferCoding
            } else if !expectations.isEmpty, expectations != ["100-continue"] {
                .expectation
            } else {
                nil
            }
    }

    private static func asksForAnotherProtocol(_ head: HTTPRequestHead, _ options: Set<String>) -> Bool {
        head.method == .CONNECT || options.contains("upgrade") && head.headers.contains(name: "upgrade")
    }

    private static func announcesBody(_ head: HTTPRequestHead) -> Bool {
        head.headers.contains(name: "content-length") || head.headers.contains(name: "transfer-encoding")
    }

    /// Of all lines of a list field, in lower case.
    private static func tokens(of name: String, in head: HTTPRequestHead) -> Set<String> {
        Set(head.headers[canonicalForm: name].map { $0.lowercased() }.filter { !$0.isEmpty })
    }

    private static func namesItsHost(_ head: HTTPRequestHead, isRequired: Bool) -> Bool {
        let hosts = head.headers["host"]
        guard let host = hosts.first else { return !isRequired }
        return hosts.count == 1 && isHost(host)
    }

    /// `uri-host [":" port]`, which may be empty (RFC 9110 §7.2).
    private static func isHost(_ text: String) -> Bool {
        let bytes = text.utf8
        guard bytes.allSatisfy(hostBytes.contains) else { return false }
        let isBracketed = bytes.first == UInt8(ascii: "[")
        guard let end = isBracketed ? bytes.firstIndex(of: UInt8(ascii: "]")) : bytes.startIndex else { return false }
        let port = bytes[end...].drop { $0 != UInt8(ascii: ":") }.dropFirst()
        return port.allSatisfy { (0x30...0x39).contains($0) } && port.count <= 5
    }

    /// Visible ASCII but delimiters and what RFC 3986 has in no place.
    private static let hostBytes = ASCIISet("!$%&'()*+-.:;=[]_~").union(.letters).union(.digits)

    /// Whether the body is framed in one way only; chunks are the last coding, and HTTP/1.0 has none.
    private static func hasClearEnd(_ head: HTTPRequestHead, knowsChunks: Bool) -> Bool {
        guard head.headers.contains(name: "transfer-encoding") else { return true }
        return knowsChunks && !head.headers.contains(name: "content-length")
            && head.headers[canonicalForm: "transfer-encoding"].map { $0.lowercased() } == ["chunked"]
    }

    private static func announcesTooMuch(_ head: HTTPRequestHead) -> Bool {
        head.headers.first(name: "content-length").flatMap(Int.init).map { $0 > APIRequest.maximumBodyBytes } ?? false
    }
}
