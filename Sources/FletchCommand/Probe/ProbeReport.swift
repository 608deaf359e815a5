import Fletch
import HTTPTypes

/// What a probe has seen and what follows, for a person or a program.
struct ProbeReport {
    let findings: Findings
    let advice: Advice

    init(_ findings: Findings) {
        self.findings = findings
        advice = Advice(findings)
    }
}

// MARK: - Text

extension ProbeReport {
    var text: String { (seen + [("", "")] + following).map(Self.line).joined() }

    private var seen: [(String, String)] {
        findings.looks.map { ($0.method.rawValue, Self.words($0)) } + [
            ("connection", connection), ("response", response), ("keep-alive", findings.keepAlive.text),
            ("pipelining", findings.pipelining.text), ("half close", halfClose),
            ("resumption", findings.resumption.text), ("early data", findings.earlyData.text),
            ("Fast Open", findings.fastOpen.text), ("sent", sent),
        ]
    }

    private var following: [(String, String)] {
        [
            ("recommended", "--disposal \(advice.disposal.rawValue): \(advice.why)"),
            ("  close", "\(Self.spelled(advice.close)): \(advice.closeWords)"),
            ("  reset", "\(Self.spelled(advice.reset)): \(advice.resetWords)"),
            ("  reuse", Self.paying(advice.reuse)), ("  pipelining", Self.paying(advice.pipelining)),
            ("  early data", Self.paying(advice.earlyData)),
        ]
    }

    private static func line(_ name: String, _ words: String) -> String {
        name.isEmpty ? "\n" : name + String(repeating: " ", count: max(1, 16 - name.count)) + words + "\n"
    }

    private static func words(_ look: Findings.Look) -> String {
        switch look.result {
        case .success(let answer): "\(answer.status) after \(Numbers.milliseconds(answer.answering))"
        case .failure(let error): "no answer: \(error.message)"
        }
    }

    private var connection: String {
        guard let answer = findings.connection else { return "unknown" }
        let peer = answer.isProxied ? "\(answer.remote), a proxy," : "\(answer.remote)"
        let made = "to \(peer) in \(Numbers.milliseconds(answer.connecting))"
        guard let securing = answer.securing else { return made }
        return made + ", \(answer.security?.version ?? "TLS") in \(Numbers.milliseconds(securing)) more"
    }

    private var response: String {
        guard let (method, body) = findings.largestBody else { return "unknown: no answer says how long it is" }
        let bytes = Numbers.grouped(body.byteCount)
        return switch body {
        case .stated(0): "empty"
        case .stated(...Advice.worthReadingBytes): "\(bytes) B, as the answer to \(method.rawValue) says"
        case .stated: "\(bytes) B that need not be downloaded, as the answer to \(method.rawValue) says"
        case .read(_, true): "\(bytes) B to \(method.rawValue), which only reading them shows"
        case .read(_, false): "at least \(bytes) B to \(method.rawValue), without a stated length"
        case .untold: "unknown"
        }
    }

    private var halfClose: String {
        switch findings.halfClose {
        case .unknown(_, _): "unknown: \(findings.halfClose.words)"
        case .notTried: "not tried: \(findings.halfClose.words)"
        default: findings.halfClose.words + Self.caveat(findings)
        }
    }

    private static func caveat(_ findings: Findings) -> String {
        findings.isSecure ? " (TCP's end, without TLS's own)" : ""
    }

    private var sent: String {
        let counts = findings.sentCounts.sorted { $0.key.rawValue < $1.key.rawValue }
        return "\(Numbers.grouped(findings.sentCount)) requests: "
            + counts.map { "\(Numbers.grouped($0.value)) \($0.key.rawValue)" }.joined(separator: ", ")
    }

    private static func spelled(_ safety: Advice.Safety) -> String {
        switch safety {
        case .unsafe: "not safe"
        case .probablySafe: "probably safe"
        case .unknown: "unknown"
        }
    }

    private static func paying(_ verdict: Verdict) -> String {
        switch verdict {
        case .yes(let words): "pays: \(words)"
        case .no(let words): "does not pay: \(words)"
        case .unknown, .notTried: verdict.text
        }
    }
}

// MARK: - JSON

extension ProbeReport {
    var json: String {
        var members = [("url", JSON.string(findings.url))]
        if let answer = findings.connection { members += Self.connection(answer) }
        members += [
            ("answers", JSON.array(findings.looks.map(Self.object))),
            ("keep_alive", Self.object(findings.keepAlive)), ("pipelining", Self.object(findings.pipelining)),
            ("half_close", Self.object(findings.halfClose.word, findings.halfClose.words)),
            ("resumption", Self.object(findings.resumption)), ("early_data", Self.object(findings.earlyData)),
            ("fast_open", Self.object(findings.fastOpen)), ("requests_sent", JSON.number(findings.sentCount)),
            ("sent", counts), ("recommended", recommended),
        ]
        return JSON.object(members) + "\n"
    }

    private static func connection(_ answer: Answer) -> [(String, String)] {
        var members = [
            ("remote", JSON.string("\(answer.remote)")), ("proxied", JSON.bool(answer.isProxied)),
            ("connect_ms", JSON.milliseconds(answer.connecting)),
        ]
        if let security = answer.security { members.append(("tls", JSON.string(security.version))) }
        if let securing = answer.securing { members.append(("tls_ms", JSON.milliseconds(securing))) }
        return members
    }

    private static func object(_ look: Findings.Look) -> String {
        let method = [("method", JSON.string(look.method.rawValue))]
        switch look.result {
        case .failure(let error):
            return JSON.object(
                method + [("code", JSON.string(error.code.rawValue)), ("error", JSON.string(error.message))])
        case .success(let answer):
            let head = [("status", JSON.number(answer.status)), ("ms", JSON.milliseconds(answer.answering))]
            return JSON.object(method + head + members(answer.body))
        }
    }

    private static func members(_ body: Answer.Body) -> [(String, String)] {
        switch body {
        case .stated(let bytes): [("length", JSON.number(bytes))]
        case .read(let bytes, let isWhole): [("read", JSON.number(bytes)), ("whole", JSON.bool(isWhole))]
        case .untold: []
        }
    }

    private static func object(_ verdict: Verdict) -> String { object(verdict.word, verdict.words) }

    private static func object(_ word: String, _ words: String) -> String {
        JSON.object([("result", JSON.string(word)), ("detail", JSON.string(words))])
    }

    private var counts: String {
        JSON.object(
            findings.sentCounts.sorted { $0.key.rawValue < $1.key.rawValue }
                .map { ($0.key.rawValue, JSON.number($0.value)) })
    }

    private var recommended: String {
        JSON.object([
            ("disposal", JSON.string(advice.disposal.rawValue)), ("why", JSON.string(advice.why)),
            ("close", Self.object(advice.close.rawValue, advice.closeWords)),
            ("reset", Self.object(advice.reset.rawValue, advice.resetWords)),
            ("reuse", Self.object(advice.reuse)), ("pipelining", Self.object(advice.pipelining)),
            ("early_data", Self.object(advice.earlyData)),
        ])
    }
}
