import Glibc

/// Finds the head of the final response in what arrives, split anywhere; interim (1xx) heads are skipped.
struct HeadScanner {
    enum Outcome: Equatable {
        case incomplete
        /// The head, and where in the bytes just scanned the body begins.
        case complete(ResponseHead, bodyStart: Int)
        case invalid(FletchError.Code)
    }

    static let maximumHeadBytes = 16_384
    static let maximumInterimBytes = 65_536

    private let isHeadRequest: Bool
    /// What has arrived of a head that is not complete yet; mostly empty, as most heads arrive whole.
    private var partial: [UInt8] = []
    private var interimBytes = 0

    /// Whether what has arrived last is the beginning of a head.
    var isAmidHead: Bool { !partial.isEmpty }

    init(isHeadRequest: Bool) { self.isHeadRequest = isHeadRequest }

    mutating func scan(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        if partial.isEmpty { return scan(bytes, searchedCount: 0, olderCount: 0) }
        let older = partial
        partial = []
        return (older + bytes).withUnsafeBytes { scan($0, searchedCount: older.count, olderCount: older.count) }
    }

    /// - Parameters:
    ///   - searchedCount: So many bytes are known to hold no complete head.
    ///   - olderCount: So many bytes came with an earlier call.
    private mutating func scan(
        _ bytes: UnsafeRawBufferPointer, searchedCount: Int, olderCount: Int
    ) -> Outcome {
        var start = 0
        var searched = searchedCount
        while start < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
            guard Self.mayBegin(rest) else { return .invalid(.notHTTP) }
            guard let length = Self.headLength(rest, from: max(0, searched - start - 3)) else { return wait(for: rest) }
            guard length <= Self.maximumHeadBytes else { return .invalid(.headTooLarge) }
            do throws(ResponseHead.Fault) {
                let head = try ResponseHead.parse(
                    UnsafeRawBufferPointer(rebasing: rest[..<length]), isHeadRequest: isHeadRequest)
                start += length
                guard head.isInterim else { return .complete(head, bodyStart: start - olderCount) }
                interimBytes += length
                guard interimBytes <= Self.maximumInterimBytes else { return .invalid(.tooManyInterimResponses) }
                searched = start
            } catch {
                return .invalid(error.code)
            }
        }
        return .incomplete
    }

    private mutating func wait(for rest: UnsafeRawBufferPointer) -> Outcome {
        guard rest.count <= Self.maximumHeadBytes else { return .invalid(.headTooLarge) }
        partial = Array(rest)
        return .incomplete
    }

    /// Whether these bytes can be the beginning of an HTTP/1 head, so that anything else is refused at once.
    private static func mayBegin(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let beginning: StaticString = "HTTP/1."
        guard let start = bytes.baseAddress else { return true }
        return memcmp(start, beginning.utf8Start, min(bytes.count, beginning.utf8CodeUnitCount)) == 0
    }

    /// The length of the head including its empty line; nil while it is incomplete.
    private static func headLength(_ bytes: UnsafeRawBufferPointer, from first: Int) -> Int? {
        guard let start = bytes.baseAddress else { return nil }
        var at = first
        while at < bytes.count, let found = memchr(start + at, 0x0A, bytes.count - at) {
            let next = UnsafeRawPointer(found) - start + 1
            if next < bytes.count, bytes[next] == UInt8(ascii: "\n") { return next + 1 }
            if next + 1 < bytes.count, bytes[next] == UInt8(ascii: "\r"), bytes[next + 1] == UInt8(ascii: "\n") {
                return next + 2
            }
            at = next
        }
        return nil
    }
}
