/// What became of a delivery.
package enum RunOutcome: Hashable, Sendable {
    /// The status was 2xx.
    case succeeded
    /// The endpoint says that there is nothing there (404): it is not called for this job again.
    case gone
    /// Any other status, or none.
    case failed
}

extension RunOutcome {
    package init(status: Int) {
        self = status / 100 == 2 ? .succeeded : status == 404 ? .gone : .failed
    }
}
