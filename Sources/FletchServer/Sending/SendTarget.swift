/// The URL that a request to `/send` is to be delivered to.
struct SendTarget {
    let url: String

    /// Takes the URL as it stands in the request target: nothing is decoded or normalised. One slash after the scheme
    /// is taken for two, as proxies merge them.
    /// - Parameter text: All that follows `/send/`, the query included. Any string may be given.
    init(_ text: String) throws(APIResponse) {
        let url = try Self.withBothSlashes(text)
        guard url.utf8.count <= URIFormat.maximumBytes else {
            throw Self.invalid("must NOT have more than \(URIFormat.maximumBytes) bytes")
        }
        guard !url.utf8.contains(UInt8(ascii: "#")) else {
            throw Self.invalid(
                "has a fragment, which no request carries: leave it out, or write %23 for the character #")
        }
        guard URIFormat.matches(url) else {
            throw Self.invalid("is not valid (RFC 3986): percent-encode the characters that a URL may not have")
        }
        guard URIFormat.isAbsolute(url) else { throw Self.invalid("has no host: \(Self.example)") }
        if let problem = URIFormat.problem(calling: url) { throw Self.invalid(problem) }
        self.url = url
    }

    private static let example = "write it as in /send/https://example.com/hook"

    private static func withBothSlashes(_ text: String) throws(APIResponse) -> String {
        let scheme = text.utf8.prefix { $0 != UInt8(ascii: ":") }
        let rest = text.utf8[scheme.endIndex...].dropFirst()
        guard ["http", "https"].contains(String(Substring(scheme)).lowercased()), rest.first == UInt8(ascii: "/") else {
            throw invalid("must begin with http:// or https:// and not be percent-encoded: \(example)")
        }
        guard rest.dropFirst().first != UInt8(ascii: "/") else { return text }
        return "\(Substring(scheme)):/\(Substring(rest))"
    }

    private static func invalid(_ problem: String) -> APIResponse { .invalid("the URL behind /send/ \(problem)") }
}
