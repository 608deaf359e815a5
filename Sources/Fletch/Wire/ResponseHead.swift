import Glibc

/// What Fletch needs of the head of a response.
struct ResponseHead: Equatable {
    let status: Int
    let framing: BodyFraming
    /// Whether the connection may carry another exchange (RFC 9112 §9.3): HTTP/1.1, and no `Connection: close`.
    var keepsAlive = true
    /// Whether it says `Connection: close`: requests behind it are not processed (RFC 9112 §9.6).
    var saysClose = false
    /// Where a redirect (3xx) points to, as it says it.
    var location: String?
    /// When to ask again after an error (4xx, 5xx), as it says it.
    var retryAfter: String?

    /// An interim response (RFC 9110 §15.2). A 101 is final: the connection goes over to another protocol.
    var isInterim: Bool { (100..<200).contains(status) && status != 101 }
}

extension ResponseHead {
    /// Why a head cannot be used.
    enum Fault: Error, Equatable {
        case notHTTP
        case malformedField
        case malformedLength

        var code: FletchError.Code {
            switch self {
            case .notHTTP: .notHTTP
            case .malformedField: .malformedHead
            case .malformedLength: .malformedLength
            }
        }
    }

    /// Reads a complete head, its empty line included.
    /// - Parameter isHeadRequest: A response to HEAD has no body, whatever its fields say.
    static func parse(_ bytes: UnsafeRawBufferPointer, isHeadRequest: Bool) throws(Fault) -> ResponseHead {
        var lines = HeadLines(bytes)
        guard let statusLine = lines.next(), let status = parseStatus(statusLine) else { throw .notHTTP }
        let hasNoBody = isHeadRequest || hasNoBody(status)
        var length: Int?
        var hasMalformedLength = false
        var codings: TransferCoding = .none
        var keepsAlive = statusLine[7] != UInt8(ascii: "0")
        var saysClose = false
        var location: String?
        var retryAfter: String?
        while let line = lines.nextField(), !line.isEmpty {
            if isBlank(line[0]) { continue }
            guard let colon = index(of: UInt8(ascii: ":"), in: line), colon > 0 else { throw .malformedField }
            // The lengths of the names that matter; most others end here.
            switch colon {
            case 14 where !hasNoBody && status != 101 && equals(line[..<colon], "content-length"):
                do throws(Fault) {
                    length = try contentLength(line[(colon + 1)...], sofar: length)
                } catch {
                    hasMalformedLength = true
                }
            case 17 where equals(line[..<colon], "transfer-encoding"):
                codings = transferCoding(line[(colon + 1)...])
            case 10 where equals(line[..<colon], "connection"):
                let options = line[(colon + 1)...].split(separator: UInt8(ascii: ","))
                if options.contains(where: { equals(trimmed($0), "close") }) { saysClose = true }
            case 8 where status / 100 == 3 && location == nil && equals(line[..<colon], "location"):
                location = text(trimmed(line[(colon + 1)...]))
            case 11 where status >= 400 && retryAfter == nil && equals(line[..<colon], "retry-after"):
                retryAfter = text(trimmed(line[(colon + 1)...]))
            default: continue
            }
        }
        let hasLength = length != nil || hasMalformedLength
        if hasMalformedLength, codings == .none { throw .malformedLength }
        // What frames its body in two ways may be understood in two ways: nothing is read behind it (RFC 9112 §6.1).
        if hasLength && codings != .none || saysClose || status == 101 { keepsAlive = false }
        return ResponseHead(
            status: status,
            framing: hasNoBody ? .length(0) : status == 101 ? .untilClose : framing(length, codings),
            keepsAlive: keepsAlive, saysClose: saysClose, location: location, retryAfter: retryAfter)
    }

    private enum TransferCoding { case none, chunkedLast, other }

    /// Whether the head is all there is, whatever its fields say (RFC 9112 §6.3). What is behind a 101 is another protocol's.
    private static func hasNoBody(_ status: Int) -> Bool {
        status == 204 || status == 304 || ((100..<200).contains(status) && status != 101)
    }

    private static func framing(_ length: Int?, _ codings: TransferCoding) -> BodyFraming {
        switch codings {
        case .chunkedLast: return .chunked(ChunkScanner())
        case .other: return .untilClose
        case .none: return length.map(BodyFraming.length) ?? .untilClose
        }
    }

    /// `HTTP/1.x 200 …`; the reason may be missing.
    private static func parseStatus(_ line: UnsafeRawBufferPointer) -> Int? {
        let prefix: StaticString = "HTTP/1."
        guard line.count >= 12,
            memcmp(line.baseAddress ?? UnsafeRawPointer(prefix.utf8Start), prefix.utf8Start, 7) == 0,
            digit(line[7]) != nil, line[8] == UInt8(ascii: " "),
            let hundreds = digit(line[9]), let tens = digit(line[10]), let ones = digit(line[11]),
            line.count == 12 || line[12] == UInt8(ascii: " ")
        else { return nil }
        return hundreds > 0 ? hundreds * 100 + tens * 10 + ones : nil
    }

    /// A number, or the same number several times (RFC 9112 §6.3).
    private static func contentLength(
        _ value: Slice<UnsafeRawBufferPointer>, sofar: Int?
    ) throws(Fault) -> Int {
        var found = sofar
        var digits = 0
        var number = 0
        var isOver = false
        for byte in UnsafeRawBufferPointer(rebasing: value) {
            if let digit = digit(byte), number < 100_000_000_000_000_000, !isOver {
                number = number * 10 + digit
                digits += 1
            } else if isBlank(byte) {
                isOver = digits > 0
            } else if byte == UInt8(ascii: ","), digits > 0, found == nil || found == number {
                found = number
                (digits, number, isOver) = (0, 0, false)
            } else {
                throw .malformedLength
            }
        }
        guard digits > 0, found == nil || found == number else { throw .malformedLength }
        return number
    }

    private static func transferCoding(_ value: Slice<UnsafeRawBufferPointer>) -> TransferCoding {
        // Empty elements of a list do not count (RFC 9110 §5.6.1).
        let last = value.split(separator: UInt8(ascii: ",")).map(trimmed).last { !$0.isEmpty }
        return last.map { equals($0, "chunked") } == true ? .chunkedLast : .other
    }

    private static func trimmed(_ bytes: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
        var rest = bytes
        while let first = rest.first, isBlank(first) { rest.removeFirst() }
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return rest
    }

    /// Where a value is folded it is as if there were spaces (RFC 9112 §5.2).
    private static func text(_ value: Slice<UnsafeRawBufferPointer>) -> String {
        let space = UInt8(ascii: " ")
        return String(decoding: value.lazy.map { isLineEnd($0) ? space : $0 }, as: UTF8.self)
    }

    /// A line's end stands in a value only where it is folded, and a CR alone counts as a space, too (RFC 9112 §2.2).
    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || isLineEnd(byte)
    }

    private static func isLineEnd(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n") }

    private static func digit(_ byte: UInt8) -> Int? {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") ? Int(byte - UInt8(ascii: "0")) : nil
    }

    private static func index(of byte: UInt8, in bytes: UnsafeRawBufferPointer) -> Int? {
        guard let start = bytes.baseAddress, let found = memchr(start, Int32(byte), bytes.count) else { return nil }
        return UnsafeRawPointer(found) - start
    }

    /// Whether `bytes` is `lowerCase` in any case.
    private static func equals(_ bytes: Slice<UnsafeRawBufferPointer>, _ lowerCase: StaticString) -> Bool {
        guard bytes.count == lowerCase.utf8CodeUnitCount else { return false }
        var name = lowerCase.utf8Start
        for byte in UnsafeRawBufferPointer(rebasing: bytes) {
            guard byte | (isLetter(byte) ? 0x20 : 0) == name.pointee else { return false }
            name += 1
        }
        return true
    }

    private static func isLetter(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") }
}

/// The lines of a head, without their ends: CRLF, or LF alone (RFC 9112 §2.2).
private struct HeadLines: IteratorProtocol {
    private let bytes: UnsafeRawBufferPointer
    private var start = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// A field's line, with those that it is folded into (RFC 9112 §5.2).
    mutating func nextField() -> UnsafeRawBufferPointer? {
        let first = start
        guard let line = next() else { return nil }
        var end = first + line.count
        while end > first, start < bytes.count, bytes[start] == UInt8(ascii: " ") || bytes[start] == UInt8(ascii: "\t")
        {
            let folded = start
            end = folded + (next()?.count ?? 0)
        }
        return UnsafeRawBufferPointer(rebasing: bytes[first..<end])
    }

    mutating func next() -> UnsafeRawBufferPointer? {
        guard let base = bytes.baseAddress, let found = memchr(base + start, 0x0A, bytes.count - start) else {
            return nil
        }
        let end = UnsafeRawPointer(found) - base
        let isLong = end > start && bytes[end - 1] == UInt8(ascii: "\r")
        defer { start = end + 1 }
        return UnsafeRawBufferPointer(start: base + start, count: (isLong ? end - 1 : end) - start)
    }
}
