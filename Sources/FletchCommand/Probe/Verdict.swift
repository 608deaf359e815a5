/// What came of one question.
enum Verdict: Hashable {
    /// Seen to hold.
    case yes(String)
    /// Seen not to hold.
    case no(String)
    /// Tried, and what was seen does not tell.
    case unknown(String)
    /// Not tried, and why.
    case notTried(String)

    var isYes: Bool { if case .yes = self { true } else { false } }

    var isNo: Bool { if case .no = self { true } else { false } }

    /// For programs.
    var word: String {
        switch self {
        case .yes: "yes"
        case .no: "no"
        case .unknown: "unknown"
        case .notTried: "not-tried"
        }
    }

    /// What was seen.
    var words: String {
        switch self {
        case .yes(let words), .no(let words), .unknown(let words), .notTried(let words): words
        }
    }

    /// For people.
    var text: String { "\(word == "not-tried" ? "not tried" : word): \(words)" }
}
