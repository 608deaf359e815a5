/// What few jobs ask for. A member that is nil was not asked for; the others are answered as they were sent.
package struct JobOptions: Hashable, Sendable, Codable {
    /// The method of its deliveries. Default: `POST`.
    package var method: String?
    /// Fields that are added to each delivery, in this order. No two have the same name.
    package var headers: [JobHeader]?
    /// The longest that one delivery may take, in milliseconds, redirects included. 1 to 3,600,000. Default: what the
    /// policies say.
    package var timeout: Int64?
    /// A delivery that has not begun by then is not made.
    package var expiresAt: Timestamp?
    /// When a failed run is attempted again. Default: what the policies say.
    package var retryPolicy: JobRetryPolicy?
    /// What counts as delivered. Default: ``DeliveryGoal/succeeded``.
    package var until: DeliveryGoal?
    /// What becomes of repetitions that nothing could run at. Default: ``MissedRuns/latest``.
    package var missed: MissedRuns?
    /// Where a job is enqueued when a run has ended well.
    package var callback: String?
    /// Where a job is enqueued when a run has failed for good.
    package var failureCallback: String?
    /// Where deliveries go. Default: to the endpoint.
    package var url: String?
    /// Whether it came by `/send`: its deliveries have no `Content-Type` of ours. nil for no.
    package var isForwarded: Bool?
    /// Whether it tells what became of another job. nil for no.
    package var isCallback: Bool?

    /// Asks for nothing.
    package init() {}

    package var isEmpty: Bool { self == JobOptions() }

    /// What it takes to hold them, more or less.
    package var byteCount: Int {
        let texts = [method, callback, failureCallback, url].lazy.compactMap { $0?.utf8.count }.reduce(0, +)
        return (headers ?? []).reduce(texts) { $0 + $1.name.utf8.count + $1.value.utf8.count }
    }
}

/// A field of a job's deliveries, as it was sent.
package struct JobHeader: Hashable, Sendable, Codable {
    package let name: String
    package let value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}
