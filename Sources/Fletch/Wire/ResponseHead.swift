import Glibc

/// What Fletch needs of the head of a response.
struct ResponseHead: Equatable {
    let status: Int
    let framing: BodyFraming
    /// Whether the connection may carry another exchange (RFC 9112 §9.3): HTTP/1.1, and no `Connection: close`.
    var keepsAlive = true

    /// An interim response (RFC 9110 §15.2). A 101 ends the exchange: nothing asked for it.
    var isInterim: Bool { (100..<200).contains(status) && status != 101 }
}

extension ResponseHead {
    /// Why a head cannot be used.
    enum Fault: Error, Equatable {
        case notHTTP
        case malformedLength
    }

    /// Reads a complete head, its empty line included.
    /// - Parameter isHeadRequest: A response to HEAD has no body, whatever its fields say.
    static func parse(_ bytes: UnsafeRawBufferPointer, isHeadRequest: Bool) throws(Fault) -> ResponseHead {
        var lines = HeadLines(bytes)
        guard let statusLine = lines.next(), let status = parseStatus(statusLine) else { throw .notHTTP }
        var length: Int?
        var codings: TransferCoding = .none
        var keepsAlive = statusLine[statusLine.startIndex + 7] != UInt8(ascii: "0")
        while let line = lines.next(), !line.isEmpty {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex else { throw .notHTTP }
            let name = line[..<colon]
            if equals(name, "content-length") {
                length = try contentLength(line[(colon + 1)...], sofar: length)
            } else if equals(name, "transfer-encoding") {
                codings = transferCoding(line[(colon + 1)...])
            } else if equals(name, "connection") {
                let options = line[(colon + 1)...].split(separator: UInt8(ascii: ","))
                if options.contains(where: { equals(trimmed($0), "close") }) { keepsAlive = false }
            }
        }
        // What frames its body in two ways may be understood in two ways: nothing is read behind it (RFC 9112 §6.1).
        if length != nil, codings != .none { keepsAlive = false }
        return ResponseHead(
            status: status, framing: framing(status, isHeadRequest: isHeadRequest, length: length, codings: codings),
            keepsAlive: keepsAlive)
    }

    private enum TransferCoding { case none, chunkedLast, other }

    private static func framing(
        _ status: Int, isHeadRequest: Bool, length: Int?, codings: TransferCoding
    ) -> BodyFraming {
        if isHeadRequest || status == 204 || status == 304 || ((100..<200).contains(status) && status != 101) {
            return .length(0)
        }
        switch codings {
        case .chunkedLast: return .chunked(ChunkScanner())
        case .other: return .untilClose
        case .none: return length.map(BodyFraming.length) ?? .untilClose
        }
    }

    /// `HTTP/1.x 200 …`; the reason may be missing.
    private static func parseStatus(_ line: Slice<UnsafeRawBufferPointer>) -> Int? {
        let bytes = UnsafeRawBufferPointer(rebasing: line)
        let prefix: StaticString = "HTTP/1."
        guard bytes.count >= 12,
            memcmp(bytes.baseAddress ?? UnsafeRawPointer(prefix.utf8Start), prefix.utf8Start, 7) == 0,
            isDigit(bytes[7]), bytes[8] == UInt8(ascii: " "),
            isDigit(bytes[9]), isDigit(bytes[10]), isDigit(bytes[11]),
            bytes.count == 12 || bytes[12] == UInt8(ascii: " ")
        else { return nil }
        let status = bytes[9...11].reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        return status >= 100 ? status : nil
    }

    /// A number, or the same number several times (RFC 9112 §6.3).
    private static func contentLength(
        _ value: Slice<UnsafeRawBufferPointer>, sofar: Int?
    ) throws(Fault) -> Int {
        var found = sofar
        for part in value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            let digits = trimmed(part)
            guard !digits.isEmpty, digits.count <= 18, digits.allSatisfy(isDigit) else { throw .malformedLength }
            let number = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
            guard found == nil || found == number else { throw .malformedLength }
            found = number
        }
        guard let found else { throw .malformedLength }
        return found
    }

    private static func transferCoding(_ value: Slice<UnsafeRawBufferPointer>) -> TransferCoding {
        let last = value.split(separator: UInt8(ascii: ",")).last.map(trimmed)
        return last.map { equals($0, "chunked") } == true ? .chunkedLast : .other
    }

    private static func trimmed(_ bytes: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
        let isBlank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        guard let first = bytes.firstIndex(where: { !isBlank($0) }),
            let last = bytes.lastIndex(where: { !isBlank($0) })
        else { return bytes.prefix(0) }
        return bytes[first...last]
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    /// Whether `bytes` is `lowerCase` in any case.
    private static func equals(_ bytes: Slice<UnsafeRawBufferPointer>, _ lowerCase: StaticString) -> Bool {
        guard bytes.count == lowerCase.utf8CodeUnitCount else { return false }
        for (place, index) in bytes.indices.enumerated() {
            let byte = bytes[index]
            if byte | (isLetter(byte) ? 0x20 : 0) != lowerCase.utf8Start[place] { return false }
        }
        return true
    }

    private static func isLetter(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") }
}

/// The lines of a head, without their ends: CRLF, or LF alone (RFC 9112 §2.2).
private struct HeadLines: IteratorProtocol {
    private var rest: Slice<UnsafeRawBufferPointer>

    init(_ bytes: UnsafeRawBufferPointer) { rest = bytes[...] }

    mutating func next() -> Slice<UnsafeRawBufferPointer>? {
        let bytes = UnsafeRawBufferPointer(rebasing: rest)
        guard let start = bytes.baseAddress, let found = memchr(start, 0x0A, bytes.count) else { return nil }
        let end = rest.startIndex + (UnsafeRawPointer(found) - start)
        let line = rest[..<end]
        rest = rest[(end + 1)...]
        return line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    }
}
