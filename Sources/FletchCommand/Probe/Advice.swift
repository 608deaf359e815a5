import Fletch

/// What follows from what a probe has seen; nothing that it has not.
struct Advice: Hashable {
    enum Safety: String {
        case unsafe
        case probablySafe = "probably-safe"
        case unknown
    }

    /// The only disposal that can be recommended from outside; see ``Disposal/automatic``.
    let disposal = Disposal.automatic
    let why: String
    let close: Safety
    let closeWords: String
    let reset: Safety
    let resetWords: String
    let reuse: Verdict
    let pipelining: Verdict
    let earlyData: Verdict

    init(_ findings: Findings) {
        (close, closeWords) = Self.close(findings.halfClose)
        reset = close == .unsafe ? .unsafe : .unknown
        resetWords =
            close == .unsafe
            ? "who aborts on the end of a connection aborts on a reset"
            : "a client that has reset its connection cannot see what becomes of its request"
        why = Self.why(close)
        reuse = Self.reuse(findings)
        pipelining = Self.pipelining(findings)
        earlyData = Self.earlyData(findings)
    }

    /// Who works on for so long behind the end of the client's side has had the time to notice it.
    static let telling = Duration.milliseconds(20)

    private static func close(_ halfClose: HalfClose) -> (Safety, String) {
        switch halfClose {
        case .aborted: return (.unsafe, "the endpoint gives up a request whose client has ended its side")
        case .unanswered: return (.unsafe, "the endpoint does not answer a client that has ended its side")
        case .answeredOtherwise: return (.unsafe, "the endpoint answers otherwise once the client has ended its side")
        case .answered(_, let after) where after >= telling:
            return (.probablySafe, "the endpoint worked on after the client had ended its side")
        case .answered:
            return (.unknown, "the answer came before the end could have been noticed; see --method")
        case .unknown, .notTried: return (.unknown, "what becomes of the request was not seen")
        }
    }

    private static func why(_ close: Safety) -> String {
        switch close {
        case .unsafe: "requests whose client leaves before the answer are lost here"
        case .probablySafe: "certain to lose nothing; close would leave earlier"
        case .unknown: "safe whatever the endpoint makes of a client that leaves"
        }
    }

    private static func reuse(_ findings: Findings) -> Verdict {
        switch findings.keepAlive {
        case .yes:
            let saved = "saves \(cost(of: findings)) a request"
            guard let largest = findings.largestBody, largest.body.byteCount > worthReadingBytes else {
                return .yes(saved)
            }
            return .yes(
                "\(saved), for short responses: one of \(Numbers.grouped(largest.body.byteCount)) B costs more to read "
                    + "than a new connection, and ends it")
        case .no: return .no("connections serve one request each")
        case .unknown, .notTried: return .unknown("not seen")
        }
    }

    private static func cost(of findings: Findings) -> String {
        guard let answer = findings.connection else { return "a connection" }
        let connecting = "\(Numbers.milliseconds(answer.connecting)) of connecting"
        return connecting + (answer.securing.map { " and \(Numbers.milliseconds($0)) of TLS" } ?? "")
    }

    private static func pipelining(_ findings: Findings) -> Verdict {
        switch findings.pipelining {
        case .yes:
            let answer = findings.slowest.map { "\(Numbers.milliseconds($0.answering))" } ?? "an answer"
            return .yes("for many requests that may arrive twice: they need not wait \(answer) for each other")
        case .no: return .no("requests behind an unanswered one are not answered on its connection")
        case .unknown, .notTried: return .unknown("not seen")
        }
    }

    private static func earlyData(_ findings: Findings) -> Verdict {
        switch findings.earlyData {
        case .yes:
            let trip = findings.connection.map { ", \(Numbers.milliseconds($0.connecting))" } ?? ""
            return .yes("saves a round trip\(trip), for requests that may arrive twice (--tls-earlydata)")
        case .no: return .no("the endpoint does not take it")
        case .unknown: return .unknown("not seen")
        case .notTried(let why): return .notTried(why)
        }
    }

    /// About what a new connection costs, and the smallest window lets in anyway.
    static let worthReadingBytes = 1_432
}
