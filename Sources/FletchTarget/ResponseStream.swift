import NIOCore

/// What is to be written of a response, produced piece by piece as the connection takes it.
struct ResponseStream: Sequence, IteratorProtocol {
    private enum Source {
        case bytes(ByteBuffer)
        /// A byte at a time.
        case trickle(ByteBuffer)
        case body(left: Int, isChunked: Bool)
        case endless(ByteBuffer)
    }

    private var sources: [Source] = []

    /// Whether there is a pause before each piece.
    private(set) var isPaced = false

    mutating func next() -> ByteBuffer? {
        while let source = sources.first {
            switch source {
            case .bytes(let bytes):
                sources.removeFirst()
                return bytes
            case .trickle(var bytes):
                guard let byte = bytes.readSlice(length: 1) else { break }
                sources[0] = .trickle(bytes)
                return byte
            case .body(let left, let isChunked):
                guard left > 0 else { break }
                let count = Swift.min(left, Self.pieceBytes)
                sources[0] = .body(left: left - count, isChunked: isChunked)
                return Self.piece(count, isChunked, isLast: left == count)
            case .endless(let piece): return piece
            }
            sources.removeFirst()
        }
        return nil
    }

    private static func piece(_ count: Int, _ isChunked: Bool, isLast: Bool) -> ByteBuffer {
        var piece = ByteBuffer()
        if isChunked { piece.writeString(String(count, radix: 16) + "\r\n") }
        piece.writeRepeatingByte(UInt8(ascii: "x"), count: count)
        if isChunked { piece.writeString(isLast ? "\r\n0\r\n\r\n" : "\r\n") }
        return piece
    }

    private static let pieceBytes = 65_536
}

extension ResponseStream {
    /// These bytes.
    init(_ text: String) { sources = [.bytes(ByteBuffer(string: text))] }

    /// The whole answer to a request, as the configuration wants it.
    init(to turn: Turn, _ persistence: Persistence, _ configuration: TargetConfiguration) {
        switch configuration.behavior {
        case .garbage: self.init("\u{1}\u{2}\u{3} this is not HTTP\r\n\r\n")
        case .endlessHead: self = .endless("X-Padding: pppppppppppppppp\r\n", after: "HTTP/1.1 200 OK\r\n")
        case .endlessInterim: self = .endless(ResponseHeads.earlyHints, after: "")
        default:
            let head = ResponseStream(ResponseHeads.final(to: turn, persistence, configuration))
            let whole = head + .body(to: turn, configuration)
            self = configuration.behavior == .trickle ? whole.trickling : whole
        }
    }

    /// The body of the answer to a request, as the configuration wants it.
    static func body(to turn: Turn, _ configuration: TargetConfiguration) -> ResponseStream {
        guard !turn.isHeadRequest, !ResponseHeads.isBodiless(configuration.status) else { return ResponseStream("") }
        let isChunked = configuration.isChunked && !turn.isVersion1_0
        var stream = ResponseStream("")
        stream.sources = [.body(left: configuration.bodyBytes, isChunked: isChunked)]
        if isChunked, configuration.bodyBytes == 0 { stream = ResponseStream("0\r\n\r\n") }
        return stream
    }

    /// The same bytes again and again, until the client leaves.
    static func endless(_ text: String, after start: String) -> ResponseStream {
        var stream = ResponseStream(start)
        stream.sources.append(.endless(ByteBuffer(string: String(repeating: text, count: 64))))
        return stream
    }

    /// One stream after another.
    static func + (left: ResponseStream, right: ResponseStream) -> ResponseStream {
        var stream = left
        stream.sources += right.sources
        return stream
    }

    /// The same bytes, one at a time.
    var trickling: ResponseStream {
        var bytes = ByteBuffer()
        for piece in self { bytes.writeImmutableBuffer(piece) }
        var stream = ResponseStream("")
        stream.sources = [.trickle(bytes)]
        stream.isPaced = true
        return stream
    }
}
