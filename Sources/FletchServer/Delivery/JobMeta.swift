internal import FletchQueue

/// What `x-quirrel-meta` says.
struct JobMeta {
    let json: String

    /// - Parameter now: What is missed by then does not count as the next repetition.
    init(_ job: LeasedJob, at now: Timestamp) {
        var json = JSONWriter()
        json.raw("{\"id\":")
        json.quoted(Self.escaped(job.job.key.id))
        json.raw(",\"count\":")
        json.number(job.job.count)
        json.raw(",\"exclusive\":")
        json.bool(job.job.isExclusive)
        json.raw(",\"retry\":")
        json.list(job.job.retry.waits) { $0.number($1) }
        if let next = job.nextRepetition(at: now) {
            json.raw(",\"nextRepetition\":")
            json.number(next.milliseconds)
        }
        json.raw("}")
        self.json = String(decoding: json.bytes, as: UTF8.self)
    }

    /// In ASCII alone, as a field's value has to be.
    private static func escaped(_ text: String) -> [UInt8] {
        if text.utf8.allSatisfy(isPlain) { return Array(text.utf8) }
        var bytes: [UInt8] = []
        for unit in text.utf16 {
            if let byte = UInt8(exactly: unit), isPlain(byte) {
                bytes.append(byte)
            } else {
                let digits = String(unit, radix: 16)
                bytes.append(contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
            }
        }
        return bytes
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x20..<0x7F).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }
}
