@testable import Fletch

/// What a client said of one request.
struct ChaosOutcome: CustomStringConvertible {
    let id: Int
    /// Of those that were waited for: fired ones have none.
    var receipt: Receipt?
    /// nil where it has reached its milestone, as has a fired one of which nothing was heard.
    var error: FletchError?

    /// Whether the client did not even take it over.
    var isRefused: Bool { error?.code == .clientClosed && error?.receipt == nil }

    var description: String {
        "request \(id): \(error.map { "\($0)" } ?? receipt?.status.map { "\($0)" } ?? "reached")"
    }
}
