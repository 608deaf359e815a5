/// The endpoints of an ``OptionLoad``: their URLs, and how they answer.
struct OptionTarget: Sendable {
    /// The URL of the origin, without a path.
    let origin: String

    static let topic = "news"
    static let topicPaths = ["/topic/a", "/topic/b", "/topic/c"]
    /// The only queue that is paused.
    static let gatedPath = "/gated"
    static let callbackPath = "/callback"
    static let failureCallbackPath = "/failure-callback"

    static func path(_ kind: OptionKind, _ fate: OptionFate) -> String {
        switch kind {
        case .grouped: "/grouped"
        case .called: "/called/\(fate)"
        case .published: "/topic"
        case .acknowledged: "/acknowledged"
        case .expiring: "/expiring"
        case .gated: gatedPath
        }
    }

    static func reply(to request: OriginRequest) -> Reply {
        switch OptionFate(rawValue: request.body.split(separator: "-").last.map(String.init) ?? "") {
        case .held: .trickle(slowAnswer, pause: pause)
        case .fails: .status(500)
        case .ends: .status(404)
        // Callbacks succeed, too.
        case .succeeds, nil: .ok
        }
    }

    /// The least time between the arrival of a request and the last byte of an answer that is held.
    static var holdTime: Duration { pause * (slowAnswer.utf8.count - 1) }

    private static let slowAnswer = "HTTP/1.1 204 OK\r\n\r\n"
    private static let pause = Duration.milliseconds(2)

    func url(_ path: String) -> String { origin + path }

    /// The path of the policy of the queue that is paused, in the API.
    var policyPath: String { "/policies/" + API.path(url(Self.gatedPath)).dropFirst("/queues/".count) }

    /// The queues of jobs that may become dead letters.
    var mortalQueues: [String] {
        let kinds: [OptionKind] = [.grouped, .called, .expiring]
        return Set(kinds.flatMap { kind in kind.fates.map { Self.path(kind, $0) } }).map(url)
    }
}
