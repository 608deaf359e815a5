import Fletch

/// A receipt as a line for people.
enum ReceiptText {
    static func line(_ receipt: Receipt, _ milestone: Milestone) -> String {
        "fletch: \(receipt.method.rawValue) \(HeadText.disguised(url: receipt.url)) \(reached(receipt, milestone))"
            + " · \(count(receipt.bytesSent)) sent\(receipt.remote.map { " to \($0)" } ?? "")"
            + ", \(count(receipt.bytesReceived)) received\n"
    }

    private static func reached(_ receipt: Receipt, _ milestone: Milestone) -> String {
        let moments = receipt.moments
        switch milestone {
        case .queued: return "queued"
        case .written: return "written after \(milliseconds(moments.written))"
        case .acknowledged: return "acknowledged after \(milliseconds(moments.acknowledged))"
        case .answered:
            return "answered \(receipt.status.map { "\($0.code) " } ?? "")after \(milliseconds(moments.answered))"
        }
    }

    /// What `-v` says once the request is over.
    static func verbose(_ receipt: Receipt) -> String {
        let moments = receipt.moments
        let events: [(String, Duration?)] = [
            ("resolved", moments.resolved), ("connected", moments.connected),
            ("secured" + described(receipt.security), moments.secured), ("written", moments.written),
            ("acknowledged", moments.acknowledged), ("answered", moments.answered),
        ]
        var lines = events.compactMap { name, moment in moment.map { "* \(name) after \(milliseconds($0))" } }
        if let remote = receipt.remote { lines.append("* the peer is \(remote)") }
        if let status = receipt.status { lines.append("< HTTP/1.1 \(status.code)") }
        lines.append("* \(count(receipt.bytesSent)) sent, \(count(receipt.bytesReceived)) received")
        return lines.map { $0 + "\n" }.joined()
    }

    private static func described(_ security: Security?) -> String {
        guard let security else { return "" }
        let early = security.earlyData == .notUsed ? "" : ", early data \(security.earlyData.rawValue)"
        return " (\(security.version)\(security.isResumed ? ", resumed" : "")\(early))"
    }

    private static func milliseconds(_ duration: Duration?) -> String {
        guard let duration else { return "?" }
        let tenths = duration.wholeMicroseconds / 100
        return "\(Numbers.grouped(tenths / 10)).\(tenths % 10) ms"
    }

    private static func count(_ bytes: Int) -> String { Numbers.grouped(bytes) + " B" }
}

extension Duration {
    var wholeMicroseconds: Int {
        Int(components.seconds) * 1_000_000 + Int(components.attoseconds / 1_000_000_000_000)
    }
}
