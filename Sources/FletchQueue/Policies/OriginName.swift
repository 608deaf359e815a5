import Fletch

/// Names of origins: scheme, host and port.
package enum OriginName {
    /// Returns the origin of an endpoint, in the one form that policies know it by: scheme and host in lower case, and
    /// neither the scheme's default port nor a slash at the end.
    /// - Parameter endpoint: Any string.
    /// - Returns: nil for everything but an absolute http or https URL that can be called.
    package static func text(of endpoint: String) -> String? { FletchRequest.origin(of: endpoint) }
}
