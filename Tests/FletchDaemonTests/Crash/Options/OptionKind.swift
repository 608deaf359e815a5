/// What a client of an ``OptionLoad`` asks for beside a delivery.
enum OptionKind: CaseIterable, Sendable {
    /// One of a group's jobs.
    case grouped
    /// A callback, whatever becomes of it.
    case called
    /// A job for each endpoint of a topic.
    case published
    case acknowledged
    /// An end soon, with callbacks.
    case expiring
    /// A place in the queue that one client pauses and resumes.
    case gated

    /// How endpoints may answer such a job.
    var fates: [OptionFate] {
        switch self {
        case .grouped: OptionFate.allCases
        case .called: [.succeeds, .fails, .ends]
        // Its status means nothing.
        case .acknowledged: [.fails]
        case .published, .expiring, .gated: [.succeeds]
        }
    }

    var hasCallbacks: Bool { self == .called || self == .expiring }

    /// How many jobs one request stores.
    var jobCount: Int { self == .published ? OptionTarget.topicPaths.count : 1 }
}

/// How an endpoint answers a job: the last word of the job's body.
enum OptionFate: String, CaseIterable, Sendable {
    case succeeds
    /// 204, after ``OptionTarget/holdTime``.
    case held
    case fails
    case ends
}
