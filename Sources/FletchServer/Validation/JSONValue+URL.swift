extension JSONValue {
    /// - Returns: An absolute URL that a request can be sent to, of at most ``URIFormat/maximumBytes``.
    func asCallableURL() throws(Violation) -> String {
        let url = try asString()
        guard url.utf8.count <= URIFormat.maximumBytes else {
            throw Violation("must NOT have more than \(URIFormat.maximumBytes) bytes")
        }
        guard URIFormat.isAbsolute(url) else { throw Violation("must match format \"uri\"") }
        if let problem = URIFormat.problem(calling: url) { throw Violation(problem) }
        return url
    }
}
