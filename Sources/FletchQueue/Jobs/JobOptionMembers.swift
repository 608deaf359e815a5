/// The members of ``JobOptions``.
package struct JobOptionMembers: Hashable, Sendable, Codable {
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

    var byteCount: Int {
        let texts = [method, callback, failureCallback, url].lazy.compactMap { $0?.utf8.count }.reduce(0, +)
        return (headers ?? []).reduce(texts) { $0 + $1.name.utf8.count + $1.value.utf8.count }
    }
}
