import Fletch
import HTTPTypes

/// What a probe has seen.
struct Findings {
    /// One plain request on a connection of its own.
    struct Look {
        let method: HTTPRequest.Method
        let result: Result<Answer, FletchError>

        var answer: Answer? { try? result.get() }
    }

    let url: String
    let isSecure: Bool
    var looks: [Look] = []
    var keepAlive = Verdict.notTried("no method that may arrive twice was answered")
    var pipelining = Verdict.notTried("no connection was seen to serve several requests")
    var halfClose = HalfClose.notTried(why: "no request was answered")
    var resumption = Verdict.notTried("plain HTTP")
    var earlyData = Verdict.notTried("plain HTTP")
    var fastOpen = Verdict.notTried("no method that may arrive twice was answered")
    /// Requests of which anything has left, by method.
    var sentCounts: [HTTPRequest.Method: Int] = [:]

    var sentCount: Int { sentCounts.values.reduce(0, +) }

    /// The first answer: of a connection without a session to resume.
    var connection: Answer? { looks.lazy.compactMap(\.answer).first }

    /// What the largest response that is known of has in its body.
    var largestBody: (method: HTTPRequest.Method, body: Answer.Body)? {
        looks.compactMap { look in look.answer.map { (look.method, $0.body) } }
            .filter { $0.1 != .untold }.max { $0.1.byteCount < $1.1.byteCount }
    }

    /// The answer that took longest: most like work.
    var slowest: Answer? { looks.compactMap(\.answer).max { $0.answering < $1.answering } }
}

extension Answer.Body {
    /// What is known of it.
    var byteCount: Int {
        switch self {
        case .stated(let bytes), .read(let bytes, _): bytes
        case .untold: 0
        }
    }
}

extension Findings.Look {
    /// Whether it does no harm to send this a few times (RFC 9110 §9.2.1).
    var isSafe: Bool { [.head, .options, .get, .trace].contains(method) }

    /// Whether an answer like this can be read whole for the next to follow.
    var isShort: Bool {
        guard let answer else { return false }
        return switch answer.body {
        case _ where method == .head: true
        case .stated(let bytes): bytes <= Asker.maximumBodyBytes
        case .read(_, let isWhole): isWhole
        case .untold: false
        }
    }
}
