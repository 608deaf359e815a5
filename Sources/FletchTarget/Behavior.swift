/// What a ``FletchTarget`` does with a request. The work takes ``TargetConfiguration/delay``.
public enum Behavior: String, Sendable, Hashable, CaseIterable {
    /// Reads the request, works, answers.
    case answer
    /// Reads the request, sends the head of its response, works, sends the body.
    case headThenWork = "head-then-work"
    /// Reads the request, sends 103, works, answers.
    case earlyHintsThenWork = "early-hints-then-work"
    /// Answers as soon as it has the head, and reads the body meanwhile.
    case answerBeforeBody = "answer-before-body"
    /// Reads the request, works, and says nothing.
    case neverAnswer = "never-answer"
    /// Reads no further than the head, and says nothing.
    case neverRead = "never-read"
    /// Reads the request, works, and closes.
    case closeBeforeAnswer = "close-before-answer"
    /// Reads the request, works, and resets the connection.
    case resetBeforeAnswer = "reset-before-answer"
    /// Reads the request, works, and answers a byte at a time.
    case trickle
    /// Reads the request, works, and sends what is not HTTP.
    case garbage
    /// Reads the request, works, and sends a head without an end.
    case endlessHead = "endless-head"
    /// Reads the request, works, and sends interim responses without an end.
    case endlessInterim = "endless-interim"

    /// Whether its answer, if there is one, has a whole final head.
    var hasFinalHead: Bool {
        switch self {
        case .garbage, .endlessHead, .endlessInterim: false
        default: true
        }
    }
}

/// What becomes of the work when the client leaves before it is done.
public enum DisconnectPolicy: String, Sendable, Hashable, CaseIterable {
    /// It goes on, as in Node.
    case finish
    /// It ends there, as behind nginx and in Go handlers that use their context.
    case abort
}
