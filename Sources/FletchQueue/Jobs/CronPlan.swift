/// The routes of one application that are to be called on a schedule, and no others.
package struct CronPlan: Sendable {
    /// The id of each route's job.
    package static let id = "@cron"

    private let base: Substring
    private let routes: [(endpoint: String, cron: CronExpression)]
    /// What they add to the base.
    private let paths: Set<Substring>
    /// Nothing is stored or deleted.
    package let isDryRun: Bool

    /// - Parameter baseURL: One slash at its end, and one at the beginning of a route, are as if they were not there.
    package init(baseURL: String, routes: [(route: String, cron: CronExpression)], isDryRun: Bool) {
        let base = baseURL.hasSuffix("/") ? baseURL.dropLast() : baseURL[...]
        self.base = base
        self.isDryRun = isDryRun
        self.routes = routes.map { route, cron in
            (base + "/" + (route.hasPrefix("/") ? route.dropFirst() : route[...]), cron)
        }
        paths = Set(self.routes.map { Self.trimmed($0.endpoint.dropFirst(base.count)) })
    }

    /// A job for each route, in place of the one that is there.
    var drafts: [(endpoint: String, draft: JobDraft)] {
        routes.map { endpoint, cron in
            var draft = JobDraft()
            draft.id = Self.id
            draft.body = "null"
            draft.overrides = true
            draft.schedule = Schedule(every: nil, cron: cron, times: nil)
            return (endpoint, draft)
        }
    }

    /// Whether `endpoint` is the application's, but none of the routes: `https://a.example.org` is not below
    /// `https://a.example`.
    func outlives(_ endpoint: String) -> Bool {
        guard endpoint.hasPrefix(base) else { return false }
        let rest = endpoint.dropFirst(base.count)
        guard rest.isEmpty || "/?#".contains(rest.first ?? "/") else { return false }
        return !paths.contains(Self.trimmed(rest))
    }

    private static func trimmed(_ path: Substring) -> Substring {
        var path = path
        while path.hasPrefix("/") { path.removeFirst() }
        while path.hasSuffix("/") { path.removeLast() }
        return path
    }
}
