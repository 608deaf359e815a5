/// Where the body of a response ends (RFC 9112 §6.3).
enum BodyFraming: Sendable, Equatable {
    /// So many bytes are still to come; 0 where there is no body.
    case length(Int)
    /// The chunks tell.
    case chunked(ChunkScanner)
    /// When the peer closes.
    case untilClose

    /// Whether the head alone tells where the body ends.
    var isLengthKnown: Bool { if case .length = self { true } else { false } }

    /// Whether the end has been seen.
    var isOver: Bool {
        switch self {
        case .length(let rest): rest == 0
        case .chunked(let scanner): scanner.isOver
        case .untilClose: false
        }
    }

    /// Takes received bytes in, handing those of the body to `keep`.
    /// - Returns: How many belong to this response; nil where they are malformed.
    mutating func consume(_ bytes: UnsafeRawBufferPointer, keep: (UnsafeRawBufferPointer) -> Void) -> Int? {
        switch self {
        case .length(let rest):
            let taken = min(rest, bytes.count)
            keep(UnsafeRawBufferPointer(rebasing: bytes[..<taken]))
            self = .length(rest - taken)
            return taken
        case .chunked(var scanner):
            let taken = scanner.consume(bytes, keep: keep)
            self = .chunked(scanner)
            return taken
        case .untilClose:
            keep(bytes)
            return bytes.count
        }
    }
}
