internal import FletchQueue

/// What `x-quirrel-meta` says.
struct JobMeta {
    let json: String

    /// - Parameter now: What is missed by then does not count as the next repetition.
    init(_ job: LeasedJob, at now: Timestamp) {
        var text = "{\"id\":\(Self.quoted(job.job.key.id)),\"count\":\(job.job.count)"
        text += ",\"exclusive\":\(job.job.isExclusive),\"retry\":["
        text += job.job.retry.waits.map(String.init).joined(separator: ",") + "]"
        if let next = job.nextRepetition(at: now) { text += ",\"nextRepetition\":\(next.milliseconds)" }
        json = text + "}"
    }

    /// In ASCII alone, as a field's value has to be.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for unit in text.utf16 {
            switch unit {
            case 0x22, 0x5C: quoted += "\\" + String(UnicodeScalar(UInt8(unit)))
            case 0x20..<0x7F: quoted += String(UnicodeScalar(UInt8(unit)))
            default:
                let digits = String(unit, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return quoted + "\""
    }
}
