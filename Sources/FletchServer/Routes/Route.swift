import HTTPTypes

/// What a request asks for. What is fixed in a path comes before what is not.
enum Route: Hashable {
    case health
    case documentation
    case openAPI
    case activity
    case clock
    case advanceClock
    case listQueues
    case statistics
    case updateCron
    case enqueue(endpoint: String)
    case enqueueBatch(endpoint: String)
    /// By any method but GET, HEAD and OPTIONS: a page must not enqueue by showing an image.
    case send(url: String)
    case scan(endpoint: String)
    case empty(endpoint: String)
    case job(endpoint: String, id: String)
    case invoke(endpoint: String, id: String)
    case delete(endpoint: String, id: String)
    case attempts(endpoint: String, id: String)
    case explain(endpoint: String, id: String)
    case listPolicies
    case policy(target: String)
    case setPolicy(target: String)
    case deletePolicy(target: String)
    case listTopics
    case topic(name: String)
    case setTopic(name: String)
    case deleteTopic(name: String)
    case publish(topic: String)
    case listDeadLetters
    case deadLetter(id: String)
    case replayDeadLetter(id: String)
    case replayDeadLetters
    case deleteDeadLetter(id: String)
    case deleteDeadLetters
    case issueToken(tenant: String)
    case revokeToken(tenant: String)
    case listTenants
    case takeUsage
    case rotateSigningSecret

    /// - Returns: nil where there is nothing.
    init?(_ method: HTTPRequest.Method, _ target: APITarget) {
        guard let url = target.urlToSend else {
            self.init(method, target.segments)
            return
        }
        guard method != .get, method != .options else { return nil }
        self = .send(url: url)
    }

    private init?(_ method: HTTPRequest.Method, _ segments: [String]) {
        let route =
            switch segments.count {
            case 1: Self.top(method, segments[0])
            case 2: Self.below(segments[0], method, segments[1])
            case 3 where segments[0] == "queues": Self.job(method, endpoint: segments[1], id: segments[2])
            case 3 where segments[0] == "dead-letters": Self.deadLetter(method, id: segments[1], segments[2])
            case 4 where segments[0] == "queues":
                Self.ofJob(method, endpoint: segments[1], id: segments[2], segments[3])
            default: Self?.none
            }
        guard let route else { return nil }
        self = route
    }

    private static func top(_ method: HTTPRequest.Method, _ name: String) -> Route? {
        switch (method, name) {
        case (.get, "health"): .health
        case (.get, "documentation"): .documentation
        case (.get, "activity"): .activity
        case (.get, "clock"): .clock
        case (.get, "queues"): .listQueues
        case (.get, "policies"): .listPolicies
        case (.get, "topics"): .listTopics
        case (.get, "dead-letters"): .listDeadLetters
        case (.delete, "dead-letters"): .deleteDeadLetters
        case (.get, "tenants"): .listTenants
        case (.delete, "usage"): .takeUsage
        default: nil
        }
    }

    private static func below(_ top: String, _ method: HTTPRequest.Method, _ name: String) -> Route? {
        switch (top, method, name) {
        case ("documentation", .get, "json"): .openAPI
        case ("clock", .post, "advance"): .advanceClock
        case ("tokens", _, ""): nil
        case ("tokens", .put, _): .issueToken(tenant: name)
        case ("tokens", .delete, _): .revokeToken(tenant: name)
        case ("signing-secret", .post, "rotate"): .rotateSigningSecret
        case ("policies", _, ""): nil
        case ("policies", .get, _): .policy(target: name)
        case ("policies", .put, _): .setPolicy(target: name)
        case ("policies", .delete, _): .deletePolicy(target: name)
        case ("topics", _, ""): nil
        case ("topics", .get, _): .topic(name: name)
        case ("topics", .put, _): .setTopic(name: name)
        case ("topics", .delete, _): .deleteTopic(name: name)
        case ("topics", .post, _): .publish(topic: name)
        case ("dead-letters", _, ""): nil
        case ("dead-letters", .post, "replay"): .replayDeadLetters
        case ("dead-letters", .get, _): .deadLetter(id: name)
        case ("dead-letters", .delete, _): .deleteDeadLetter(id: name)
        case ("queues", .get, ""): .listQueues
        case ("queues", .get, "stats"): .statistics
        case ("queues", .put, "update-cron"): .updateCron
        case ("queues", .get, _): .scan(endpoint: name)
        case ("queues", .post, _): .enqueue(endpoint: name)
        case ("queues", .delete, _): .empty(endpoint: name)
        default: nil
        }
    }

    private static func job(_ method: HTTPRequest.Method, endpoint: String, id: String) -> Route? {
        switch method {
        case .get: .job(endpoint: endpoint, id: id)
        case .post: id == "batch" ? .enqueueBatch(endpoint: endpoint) : .invoke(endpoint: endpoint, id: id)
        case .delete: .delete(endpoint: endpoint, id: id)
        default: nil
        }
    }

    private static func ofJob(
        _ method: HTTPRequest.Method, endpoint: String, id: String, _ name: String
    ) -> Route? {
        switch (method, name) {
        case (.get, "attempts"): .attempts(endpoint: endpoint, id: id)
        case (.get, "explain"): .explain(endpoint: endpoint, id: id)
        default: nil
        }
    }

    private static func deadLetter(_ method: HTTPRequest.Method, id: String, _ name: String) -> Route? {
        switch (method, name) {
        case (.post, "replay"): .replayDeadLetter(id: id)
        default: nil
        }
    }
}
