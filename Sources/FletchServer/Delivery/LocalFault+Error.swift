internal import Fletch
internal import FletchQueue

extension LocalFault {
    /// What this machine lacked for a request of which no byte has left; nil where it lacked nothing.
    /// - Parameter isProxied: Whether connections are made to a proxy, which belongs to the machine as its name server does.
    init?(_ error: FletchError, isProxied: Bool) {
        guard error.certainty == .notSent else { return nil }
        switch error.code {
        case .descriptorsExhausted, .memoryExhausted: self = .machine
        case .localPortsExhausted, .networkUnreachable, .connectionWaitExceeded, .resolverFailed, .tlsUnavailable,
            .authorityFileUnusable, .clientCertificateUnusable, .proxyNotResolved:
            self = .endpoint
        case .connectFailed where isProxied: self = .endpoint
        // It has waited for the resolver all the time, or for a proxy.
        case .deadlineExceeded, .connectDeadlineExceeded:
            let moments = error.receipt?.moments
            guard moments?.resolved == nil || isProxied && moments?.connected == nil else { return nil }
            self = .endpoint
        default: return nil
        }
    }
}
