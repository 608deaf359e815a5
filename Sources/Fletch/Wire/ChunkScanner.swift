/// Follows the chunked coding (RFC 9112 §7.1), split anywhere.
struct ChunkScanner: Sendable, Equatable {
    private enum State: Sendable, Equatable {
        case size(value: Int, digits: Int)
        case chunkExtension(size: Int)
        case sizeLineFeed(size: Int)
        case data(rest: Int)
        case dataEnd(sawCarriageReturn: Bool)
        case trailer(lineBytes: Int)
        case over
        case malformed
    }

    private var state = State.size(value: 0, digits: 0)

    var isOver: Bool { state == .over }

    /// Takes received bytes in, handing those of the chunks' data to `keep`.
    /// - Returns: How many belong to the body, its end included; nil where they are malformed.
    mutating func consume(_ bytes: UnsafeRawBufferPointer, keep: (UnsafeRawBufferPointer) -> Void) -> Int? {
        var at = 0
        while at < bytes.count, state != .over, state != .malformed {
            if case .data(let rest) = state {
                let taken = min(rest, bytes.count - at)
                keep(UnsafeRawBufferPointer(rebasing: bytes[at..<(at + taken)]))
                state = taken == rest ? .dataEnd(sawCarriageReturn: false) : .data(rest: rest - taken)
                at += taken
            } else {
                state = next(after: bytes[at])
                at += 1
            }
        }
        return state == .malformed ? nil : at
    }

    private func next(after byte: UInt8) -> State {
        let isLineFeed = byte == UInt8(ascii: "\n")
        let isCarriageReturn = byte == UInt8(ascii: "\r")
        switch state {
        case .size(let value, let digits):
            return size(value, digits, byte)
        case .chunkExtension(let size):
            if isLineFeed { return afterSizeLine(size) }
            return isCarriageReturn ? .sizeLineFeed(size: size) : .chunkExtension(size: size)
        case .sizeLineFeed(let size):
            return isLineFeed ? afterSizeLine(size) : .malformed
        case .dataEnd(let sawCarriageReturn):
            if isLineFeed { return .size(value: 0, digits: 0) }
            return isCarriageReturn && !sawCarriageReturn ? .dataEnd(sawCarriageReturn: true) : .malformed
        case .trailer(let lineBytes):
            if isLineFeed { return lineBytes == 0 ? .over : .trailer(lineBytes: 0) }
            return .trailer(lineBytes: isCarriageReturn ? lineBytes : lineBytes + 1)
        case .data, .over, .malformed:
            return state
        }
    }

    private func size(_ value: Int, _ digits: Int, _ byte: UInt8) -> State {
        if let digit = PercentEncoding.hexValue(byte) {
            // 15 digits stay below the largest Int.
            return digits < 15 ? .size(value: value << 4 | Int(digit), digits: digits + 1) : .malformed
        }
        guard digits > 0 else { return .malformed }
        switch byte {
        case UInt8(ascii: "\r"): return .sizeLineFeed(size: value)
        case UInt8(ascii: "\n"): return afterSizeLine(value)
        case UInt8(ascii: ";"), UInt8(ascii: " "), UInt8(ascii: "\t"): return .chunkExtension(size: value)
        default: return .malformed
        }
    }

    private func afterSizeLine(_ size: Int) -> State { size == 0 ? .trailer(lineBytes: 0) : .data(rest: size) }
}
