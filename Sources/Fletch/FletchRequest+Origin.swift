extension FletchRequest {
    /// Returns the origin that requests to `url` are sent to: `https://example.com`, `http://[::1]:8080`.
    ///
    /// Scheme and host are in lower case; a default port, user information and the path are left out.
    /// - Parameter url: Any string.
    /// - Returns: nil if no request can be sent to it.
    package static func origin(of url: String) -> String? {
        guard case .success(let target) = RequestTarget.parse(url) else { return nil }
        return (target.isSecure ? "https://" : "http://") + target.authority
    }
}
