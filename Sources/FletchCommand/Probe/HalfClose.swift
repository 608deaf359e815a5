/// What became of a request whose client ended its side along with it.
enum HalfClose: Hashable {
    /// As without the end, so long after it.
    case answered(method: String, after: Duration)
    /// Not as without the end.
    case answeredOtherwise(method: String, status: Int, usual: Int)
    /// The connection ended without an answer.
    case aborted(method: String)
    /// It was still open after so long.
    case unanswered(method: String, within: Duration)
    /// What came, or did not come, tells nothing.
    case unknown(method: String, why: String)
    case notTried(why: String)

    /// For programs.
    var word: String {
        switch self {
        case .answered: "answered"
        case .answeredOtherwise: "answered-otherwise"
        case .aborted: "aborted"
        case .unanswered: "unanswered"
        case .unknown: "unknown"
        case .notTried: "not-tried"
        }
    }

    /// What was seen.
    var words: String {
        switch self {
        case .answered(let method, let after):
            "\(method) was answered all the same, \(Numbers.milliseconds(after)) after the client had ended its side"
        case .answeredOtherwise(let method, let status, let usual):
            "\(method) was answered with \(status) in place of \(usual)"
        case .aborted(let method): "\(method) got no answer: the connection was ended"
        case .unanswered(let method, let limit): "\(method) got no answer within \(Numbers.milliseconds(limit))"
        case .unknown(let method, let why): "\(method): \(why)"
        case .notTried(let why): why
        }
    }
}
