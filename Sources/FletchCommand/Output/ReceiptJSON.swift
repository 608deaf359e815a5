import Fletch

/// A receipt as one line of JSON; what is not known has no key.
enum ReceiptJSON {
    static func line(_ receipt: Receipt, _ error: FletchError? = nil) -> String {
        var members = [
            ("url", JSON.string(receipt.url)), ("method", JSON.string(receipt.method.rawValue)),
            ("milestone", JSON.string(receipt.milestone.rawValue)),
        ]
        if let status = receipt.status { members.append(("status", JSON.number(status.code))) }
        if let error { members += Self.members(error) }
        members += [
            ("bytes_sent", JSON.number(receipt.bytesSent)), ("bytes_received", JSON.number(receipt.bytesReceived)),
            ("reused", JSON.bool(receipt.reused)),
        ]
        if let remote = receipt.remote { members.append(("remote", JSON.string("\(remote)"))) }
        members.append(("ms", moments(receipt.moments)))
        return JSON.object(members) + "\n"
    }

    /// For a request that never became a receipt: its URL or its head could not be used.
    static func line(_ request: FletchRequest, _ error: FletchError) -> String {
        let head = [
            ("url", JSON.string(request.url)), ("method", JSON.string(request.method.rawValue)),
            ("milestone", JSON.string(Milestone.queued.rawValue)),
        ]
        let tail = [
            ("bytes_sent", JSON.number(0)), ("bytes_received", JSON.number(0)), ("reused", JSON.bool(false)),
            ("ms", JSON.object([])),
        ]
        return JSON.object(head + members(error) + tail) + "\n"
    }

    private static func members(_ error: FletchError) -> [(String, String)] {
        [
            ("certainty", JSON.string(error.certainty.rawValue)), ("error", JSON.string(error.message)),
            ("code", JSON.string(error.code.rawValue)),
        ]
    }

    private static func moments(_ moments: Receipt.Moments) -> String {
        let known: [(String, Duration?)] = [
            ("resolved", moments.resolved), ("connected", moments.connected), ("secured", moments.secured),
            ("written", moments.written),
            ("acknowledged", moments.acknowledged), ("answered", moments.answered),
        ]
        return JSON.object(known.compactMap { name, moment in moment.map { (name, JSON.milliseconds($0)) } })
    }
}

/// The little of JSON (RFC 8259) that a receipt needs; a library for it would double the command's start.
enum JSON {
    static func object(_ members: [(String, String)]) -> String {
        "{" + members.map { string($0) + ":" + $1 }.joined(separator: ",") + "}"
    }

    static func array(_ elements: [String]) -> String { "[" + elements.joined(separator: ",") + "]" }

    static func number(_ value: Int) -> String { String(value) }

    static func bool(_ value: Bool) -> String { value ? "true" : "false" }

    /// With three decimals.
    static func milliseconds(_ duration: Duration) -> String {
        let microseconds = duration.wholeMicroseconds
        return "\(microseconds / 1_000)." + String(microseconds % 1_000 + 1_000).dropFirst()
    }

    static func string(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case _ where scalar.value < 0x20: quoted += escape(scalar.value)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    private static func escape(_ value: UInt32) -> String {
        let digits = String(value, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
