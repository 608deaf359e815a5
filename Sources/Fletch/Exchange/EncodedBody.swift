/// The body of a request as it is sent.
enum EncodedBody: Sendable {
    case bytes([UInt8])
    case file(OpenFile)

    var byteCount: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .file(let file): file.byteCount
        }
    }

    /// Bytes of memory that it takes.
    var memoryBytes: Int { if case .bytes(let bytes) = self { bytes.count } else { 0 } }
}
