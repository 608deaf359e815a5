extension JSONValue {
    /// - Returns: An absolute URL that a request can be sent to.
    func asCallableURL() throws(Violation) -> String {
        let url = try asString()
        guard URIFormat.isAbsolute(url) else { throw Violation("must match format \"uri\"") }
        if let problem = URIFormat.problem(calling: url) { throw Violation(problem) }
        return url
    }
}
