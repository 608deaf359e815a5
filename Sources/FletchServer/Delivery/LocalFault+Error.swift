internal import Fletch
internal import FletchQueue

extension LocalFault {
    /// What this machine lacked for a request of which no byte has left; nil where it lacked nothing.
    init?(_ error: FletchError) {
        guard error.certainty == .notSent else { return nil }
        switch error.code {
        case .descriptorsExhausted, .memoryExhausted: self = .machine
        case .localPortsExhausted, .resolverFailed, .tlsUnavailable, .authorityFileUnusable: self = .endpoint
        // It has waited for a connection, or for the resolver, all the time.
        case .deadlineExceeded, .connectDeadlineExceeded:
            guard error.receipt?.moments.resolved == nil else { return nil }
            self = .endpoint
        default: return nil
        }
    }
}
