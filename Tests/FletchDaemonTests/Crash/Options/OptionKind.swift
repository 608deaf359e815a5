/// Which options a client of an ``OptionLoad`` sets for a job.
enum OptionKind: CaseIterable, Sendable {
    /// `group`.
    case grouped
    /// `callback` and `failureCallback`.
    case called
    /// None, but it is sent to a topic.
    case published
    /// `until: acknowledged`.
    case acknowledged
    /// `expiresAt`, a little later, with both callbacks.
    case expiring
    /// None, but a client pauses and resumes its queue.
    case gated

    /// The answers that endpoints may give to such a job.
    var fates: [OptionFate] {
        switch self {
        case .grouped: OptionFate.allCases
        case .called: [.succeeds, .fails, .ends]
        // The status must not matter.
        case .acknowledged: [.fails]
        case .published, .expiring, .gated: [.succeeds]
        }
    }

    var hasCallbacks: Bool { self == .called || self == .expiring }

    /// How many jobs one request stores.
    var jobCount: Int { self == .published ? OptionTarget.topicPaths.count : 1 }
}

/// How an endpoint answers a job. It is the last word of the job's body, where the endpoint finds it.
enum OptionFate: String, CaseIterable, Sendable {
    case succeeds
    /// 204, after ``OptionTarget/holdTime``.
    case held
    case fails
    case ends
}
