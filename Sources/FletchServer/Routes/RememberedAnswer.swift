internal import FletchQueue
import NIOCore

/// An answer as it is remembered: without what it repeats of the request's body, or of itself. Both are there again when
/// the same request comes again, and the answer is the same, byte for byte.
///
/// So 1,000 jobs of a topic, whose answer has their body 1,000 times, take about 100 bytes each.
///
/// The bytes: a 0; how long the answer is; then by turns a piece as it is (its length, its bytes), and one that the body
/// or the answer up to there has already (its length, where it begins in both together). Numbers are QUIC's (RFC 9000,
/// section 16). What begins with another byte is an answer as it was sent: JSON has no 0, and earlier versions stored
/// that.
struct RememberedAnswer {
    /// How long the answer is.
    let byteCount: Int
    /// nil for an answer as it was sent.
    private let pieces: ByteBuffer?
    private let stored: [UInt8]

    /// - Throws: `.damaged` if it was stored as something else.
    init(_ stored: [UInt8]) throws(StoreError) {
        self.stored = stored
        guard stored.first == 0 else {
            (byteCount, pieces) = (stored.count, nil)
            return
        }
        var pieces = ByteBuffer(bytes: stored.dropFirst())
        guard let count = pieces.readNumber(), count <= Self.maximumBytes else { throw Self.damaged }
        (byteCount, self.pieces) = (count, pieces)
    }

    private static let damaged = StoreError(
        .damaged,
        "what is remembered for an Idempotency-Key cannot be read: restore a backup of the database, or delete its row")

    /// No answer comes near it: what is damaged does not take up all memory.
    private static let maximumBytes = 1 << 30

    /// - Parameter text: The request's body, of `bodyCount` bytes, and behind it the answer.
    static func shortened(_ text: [UInt8], after bodyCount: Int) -> [UInt8] {
        var pieces = ByteBuffer(integer: UInt8(0))
        pieces.writeNumber(text.count - bodyCount)
        var end = bodyCount
        for repetition in Repetitions(in: text, from: bodyCount) {
            pieces.write(piece: text[end..<repetition.range.lowerBound])
            pieces.writeNumber(repetition.range.count)
            pieces.writeNumber(repetition.source)
            end = repetition.range.upperBound
        }
        if end < text.count { pieces.write(piece: text[end...]) }
        return Array(buffer: pieces)
    }

    /// The answer to a request with this body.
    /// - Throws: `.damaged` if it was stored as something else.
    func text(to body: ByteBuffer) throws(StoreError) -> [UInt8] {
        guard var pieces else { return stored }
        // Begins at 0, whatever the other is a part of.
        var text = ByteBuffer(buffer: body)
        var left = byteCount
        while left > 0 {
            guard let count = pieces.readNumber(), count <= left, var piece = pieces.readSlice(length: count) else {
                throw Self.damaged
            }
            text.writeBuffer(&piece)
            left -= count
            guard left > 0 else { break }
            guard let count = pieces.readNumber(), 1...left ~= count, let source = pieces.readNumber(),
                text.repeat(count, from: source)
            else { throw Self.damaged }
            left -= count
        }
        text.moveReaderIndex(forwardBy: body.readableBytes)
        return Array(buffer: text)
    }
}

extension ByteBuffer {
    fileprivate mutating func write(piece: ArraySlice<UInt8>) {
        writeNumber(piece.count)
        writeBytes(piece)
    }

    /// - Returns: Whether there are so many.
    fileprivate mutating func `repeat`(_ count: Int, from source: Int) -> Bool {
        guard (try? copyBytes(at: source, to: writerIndex, length: count)) != nil else { return false }
        moveWriterIndex(forwardBy: count)
        return true
    }

    fileprivate mutating func writeNumber(_ number: Int) { writeEncodedInteger(number, strategy: .quic) }

    fileprivate mutating func readNumber() -> Int? { readEncodedInteger(as: Int.self, strategy: .quic) }
}
