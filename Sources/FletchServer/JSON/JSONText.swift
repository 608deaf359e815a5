import NIOCore

/// What a ``JSONWriter`` has written, with long strings still as they were: they are escaped as the text is sent, so that
/// nobody holds what becomes of a body of control characters, six times its size.
struct JSONText: Sendable {
    /// A string that belongs before a byte of the rest.
    struct Insertion: Sendable {
        let offset: Int
        let string: String
    }

    /// Takes a piece, and returns once there is room for more.
    typealias Write = (ByteBuffer) async throws -> Void

    let bytes: [UInt8]
    let insertions: [Insertion]

    init(_ writer: JSONWriter) {
        bytes = writer.bytes
        insertions = writer.insertions
    }

    /// How long it is when it is sent.
    var byteCount: Int { insertions.reduce(bytes.count) { $0 + JSONWriter.escapedByteCount(of: $1.string) } }

    /// Sends it in pieces of about ``pieceBytes``.
    func send(to write: Write) async throws {
        var piece = ByteBuffer()
        var offset = 0
        for insertion in insertions {
            try await send(bytes[offset..<insertion.offset], &piece, write)
            offset = insertion.offset
            try await send(insertion.string, &piece, write)
        }
        try await send(bytes[offset...], &piece, write)
        if piece.readableBytes > 0 { try await write(piece) }
    }

    /// All of it.
    var buffer: ByteBuffer {
        var writer = JSONWriter()
        var offset = 0
        for insertion in insertions {
            writer.raw(bytes[offset..<insertion.offset])
            offset = insertion.offset
            writer.escaped(insertion.string)
        }
        guard offset > 0 else { return ByteBuffer(bytes: bytes) }
        writer.raw(bytes[offset...])
        return ByteBuffer(bytes: writer.bytes)
    }

    static let pieceBytes = 65_536
    /// So much of a string is escaped at once: six times that may come of it.
    private static let sliceBytes = 16_384

    private func send(_ bytes: ArraySlice<UInt8>, _ piece: inout ByteBuffer, _ write: Write) async throws {
        var rest = bytes
        while !rest.isEmpty {
            piece.writeBytes(rest.prefix(Self.pieceBytes))
            rest = rest.dropFirst(Self.pieceBytes)
            try await sendIfFull(&piece, write)
        }
    }

    private func send(_ string: String, _ piece: inout ByteBuffer, _ write: Write) async throws {
        var rest = string.utf8[...]
        while !rest.isEmpty {
            // Where a character is cut in two does not matter: what is escaped are single bytes.
            let slice = rest.prefix(Self.sliceBytes)
            rest = rest[slice.endIndex...]
            var writer = JSONWriter()
            writer.escaped(slice)
            piece.writeBytes(writer.bytes)
            try await sendIfFull(&piece, write)
        }
    }

    private func sendIfFull(_ piece: inout ByteBuffer, _ write: Write) async throws {
        guard piece.readableBytes >= Self.pieceBytes else { return }
        try await write(piece)
        // The socket may still hold the other.
        piece = ByteBuffer()
    }
}
