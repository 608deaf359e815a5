/// What the background process tells the one that waits: words for its streams, and at last its exit status.
enum Frame: Equatable {
    case text(String, Process.Stream)
    case exit(Int32)

    /// A byte for the kind, four for the length (or the status), then the words.
    var encoded: [UInt8] {
        switch self {
        case .text(let text, let stream): [stream.rawValue] + Self.bytes(UInt32(text.utf8.count)) + Array(text.utf8)
        case .exit(let status): [0] + Self.bytes(UInt32(bitPattern: status))
        }
    }

    private static func bytes(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
}

/// Cuts frames out of a stream of bytes.
struct FrameReader {
    private var bytes: [UInt8] = []

    mutating func append(_ more: [UInt8]) { bytes += more }

    /// The next whole frame; nil until there is one.
    mutating func next() -> Frame? {
        guard bytes.count >= Self.headBytes else { return nil }
        let value = (1...4).reduce(UInt32(0)) { $0 | UInt32(bytes[$1]) << (($1 - 1) * 8) }
        guard let stream = Process.Stream(rawValue: bytes[0]) else {
            bytes.removeFirst(Self.headBytes)
            return .exit(Int32(bitPattern: value))
        }
        guard bytes.count >= Self.headBytes + Int(value) else { return nil }
        let text = String(decoding: bytes[Self.headBytes..<Self.headBytes + Int(value)], as: UTF8.self)
        bytes.removeFirst(Self.headBytes + Int(value))
        return .text(text, stream)
    }

    private static let headBytes = 5
}
