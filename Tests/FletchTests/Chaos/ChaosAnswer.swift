/// How a ``ChaosOrigin`` answers one request: what it sends, at what pace, and what it does then.
///
/// The same request gets the same answer in every run, in whatever order requests come.
struct ChaosAnswer {
    enum Kind: CaseIterable {
        // What a client takes for an answer …
        case plain, chunked, bodiless, closing, leaving, version10, untilClose, interim, largeHead, malformedChunk
        // … what it must not take for one …
        case endlessInterim, oversizedHead, garbage, malformedLength
        // … and what may end before it is one.
        case cut, nothing, silence
        /// Two answers. Where another request waits behind, a client could only take the second for that one's.
        case surplus
    }

    enum Ending { case stay, fin, rst, silence }

    let kind: Kind
    private(set) var status: Int
    private(set) var bytes: [UInt8] = []
    /// Where the final head ends; nil where there is none that is an answer.
    private(set) var headEnd: Int?
    private(set) var ending = Ending.stay
    private(set) var delayMicroseconds = 0
    private(set) var pieceBytes = Int.max
    private(set) var pauseMicroseconds = 0
    private let isHeadRequest: Bool
    private let body: [UInt8]

    init(to id: Int, attempt: Int, seed: Int, isHeadRequest: Bool, kinds: [Kind]) {
        var generator = SeededGenerator(seed, id, attempt)
        kind = generator.isOne(in: 2) ? .plain : kinds[generator.number(in: 0..<kinds.count)]
        // Almost every request has a status of its own: one that is taken for another's answer is noticed.
        status = generator.number(in: 200..<600)
        if status == 204 || status == 304 { status = 200 }
        self.isHeadRequest = isHeadRequest
        body = isHeadRequest ? [] : Self.body(of: id)
        build(kind, &generator)
        if generator.isOne(in: 3) { delayMicroseconds = generator.number(in: 0..<10_000) }
        guard kind != .surplus, generator.isOne(in: 4) else { return }
        pieceBytes = max(generator.number(in: 1..<200), bytes.count / 30)
        pauseMicroseconds = generator.number(in: 0..<1_000)
    }

    /// What the body of every answer to this request begins with.
    static func body(of id: Int) -> [UInt8] { Array(String(repeating: "\(id);", count: 20 + id % 150).utf8) }
}

// MARK: - What it consists of

extension ChaosAnswer {
    private mutating func build(_ kind: Kind, _ generator: inout SeededGenerator) {
        switch kind {
        case .plain: plain()
        case .chunked: chunked(end: "0\r\nTrailer: yes\r\n\r\n")
        case .malformedChunk: chunked(end: "xyz\r\n")
        case .bodiless:
            status = generator.isOne(in: 2) ? 204 : 304
            head("ETag: \"a\"\r\n")
        case .closing, .leaving, .version10, .untilClose: last(kind)
        case .interim:
            addInterim(count: generator.number(in: 1..<30))
            plain()
        case .largeHead: plain(padding: generator.number(in: 1_000..<15_000))
        case .endlessInterim: addInterim(count: 3_000)
        case .oversizedHead: pretend { $0.plain(padding: 30_000) }
        case .garbage: bytes = (0..<50).map { _ in UInt8(generator.number(in: 0..<64)) }
        case .malformedLength where isHeadRequest:
            // There its length does not count.
            head("Content-Length: 1\r\nContent-Length: 2\r\n")
        case .malformedLength: pretend { $0.head("Content-Length: 1\r\nContent-Length: 2\r\n") }
        case .cut:
            build([.plain, .chunked, .interim, .largeHead][generator.number(in: 0..<4)], &generator)
            bytes = Array(bytes.prefix(generator.number(in: 0..<bytes.count)))
            ending = generator.isOne(in: 2) ? .fin : .rst
        case .nothing: ending = generator.isOne(in: 2) ? .fin : .rst
        case .silence: ending = .silence
        case .surplus:
            plain()
            bytes += bytes
        }
    }

    /// The connection ends with it, whether it says so or not.
    private mutating func last(_ kind: Kind) {
        ending = .fin
        switch kind {
        case .closing: plain(fields: "Connection: close\r\n")
        case .version10: plain(version: "1.0")
        case .untilClose:
            head("")
            bytes += body
        default: plain()
        }
    }

    private mutating func plain(version: String = "1.1", fields: String = "", padding: Int = 0) {
        let padding = padding > 0 ? "X-Padding: \(String(repeating: "p", count: padding))\r\n" : ""
        head("Content-Length: \(body.count)\r\n" + fields + padding, version: version)
        bytes += body
    }

    private mutating func chunked(end: String) {
        head("Transfer-Encoding: chunked\r\n")
        guard !body.isEmpty else { return }
        for start in stride(from: 0, to: body.count, by: 100) {
            let chunk = body[start..<min(body.count, start + 100)]
            bytes += String(chunk.count, radix: 16).utf8 + Array("\r\n".utf8) + chunk + Array("\r\n".utf8)
        }
        bytes += end.utf8
    }

    private mutating func head(_ fields: String, version: String = "1.1") {
        bytes += "HTTP/\(version) \(status) Some\r\n\(fields)\r\n".utf8
        headEnd = bytes.count
    }

    private mutating func addInterim(count: Int) {
        for _ in 0..<count { bytes += "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".utf8 }
    }

    /// What looks like an answer and is none.
    private mutating func pretend(_ build: (inout ChaosAnswer) -> Void) {
        build(&self)
        headEnd = nil
    }
}
