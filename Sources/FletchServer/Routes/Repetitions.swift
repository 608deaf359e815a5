/// The pieces of a text that it has had before, from a place on, in order. None overlaps another, nor what it repeats.
///
/// Finds each that is twice as long as a block, and many of the shorter ones. In a long stretch without any it looks at
/// fewer places, and finds only the long ones. Takes time and memory in proportion to the text, whatever the text is.
struct Repetitions: Sequence, IteratorProtocol {
    struct Repetition: Hashable {
        let range: Range<Int>
        /// Where the same bytes have begun before.
        let source: Int
    }

    private static let blockBytes = 16
    /// After every so many bytes without a repetition fewer places are looked at.
    private static let patienceBytes = 256
    private static let maximumStep = 63

    private let text: [UInt8]
    private var position: Int
    /// Where a block begins, by its hash: the last of those that share one. -1 for none.
    private var places: [Int32]
    private let shift: Int

    init(in text: [UInt8], from start: Int) {
        self.text = text
        position = start
        let bits = Swift.max(4, Int.bitWidth - (text.count / Self.blockBytes).leadingZeroBitCount)
        shift = UInt64.bitWidth - bits
        places = Array(repeating: -1, count: 1 << bits)
        for block in stride(from: 0, through: start - Self.blockBytes, by: Self.blockBytes) { note(block) }
    }

    mutating func next() -> Repetition? {
        let end = position
        while position + Self.blockBytes <= text.count {
            let source = Int(places[hash(position)])
            if source >= 0, source + Self.blockBytes <= position,
                commonBytes(source, Self.blockBytes) == Self.blockBytes
            {
                return repetition(of: source, after: end)
            }
            // Odd, so that of sixteen places in a row one lies as a block of what is repeated does.
            advance(by: Swift.min(Self.maximumStep, (position - end) / Self.patienceBytes | 1))
        }
        return nil
    }

    private mutating func advance(by count: Int) {
        let (first, next) = ((position + Self.blockBytes - 1) / Self.blockBytes * Self.blockBytes, position + count)
        for block in stride(from: first, to: Swift.min(next, text.count - Self.blockBytes), by: Self.blockBytes) {
            note(block)
        }
        position = next
    }

    /// As much as there is of a repetition that is known to be as long as a block, and no more than what it repeats.
    /// - Parameter end: Of the last one.
    private mutating func repetition(of block: Int, after end: Int) -> Repetition {
        var (source, start) = (block, position)
        while start > end, source > 0, block + Self.blockBytes < start, text[source - 1] == text[start - 1] {
            (source, start) = (source - 1, start - 1)
        }
        position += commonBytes(block, Swift.min(start - block, text.count - position))
        return Repetition(range: start..<position, source: source)
    }

    /// How many bytes from `source` on are those from here on; at most `limit`, which both have.
    private func commonBytes(_ source: Int, _ limit: Int) -> Int {
        var count = 0
        while count + 8 <= limit, word(source + count) == word(position + count) { count += 8 }
        while count < limit, text[source + count] == text[position + count] { count += 1 }
        return count
    }

    private mutating func note(_ block: Int) { places[hash(block)] = Int32(clamping: block) }

    private func hash(_ block: Int) -> Int {
        let mixed = (word(block) &* 0x9E37_79B9_7F4A_7C15) ^ word(block + 8)
        return Int(truncatingIfNeeded: (mixed &* 0xC2B2_AE3D_27D4_EB4F) >> UInt64(shift))
    }

    private func word(_ offset: Int) -> UInt64 {
        text.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
    }
}
