internal import Fletch

/// The format `uri` of JSON Schema: RFC 3986, with a scheme.
enum URIFormat {
    /// Of a URL that comes in a body or a field: even percent-encoded it fits into the path of a request.
    static let maximumBytes = 8_192

    /// Whether `text` is a URI. Any string may be given.
    static func matches(_ text: String) -> Bool { parts(of: text) != nil }

    /// Whether it also says where it leads: with a scheme and a host.
    static func isAbsolute(_ text: String) -> Bool { parts(of: text)?.host.isEmpty == false }

    /// Why no request could ever be sent to an absolute URI; nil where one could.
    static func problem(calling text: String) -> String? {
        do {
            try FletchRequest.check(url: text)
            return nil
        } catch {
            return "cannot be called: \(error.message)"
        }
    }

    private static func parts(of text: String) -> (host: Substring.UTF8View, rest: Substring.UTF8View)? {
        let text = text[...].utf8
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")), isScheme(text[..<colon]) else { return nil }
        let hierarchy = text[colon...].dropFirst()
        guard hierarchy.starts(with: "//".utf8) else {
            return !hierarchy.isEmpty && isRest(hierarchy) ? (hierarchy.prefix(0), hierarchy) : nil
        }
        let authority = hierarchy.dropFirst(2).prefix { !endsAuthority.contains($0) }
        let rest = hierarchy[authority.endIndex...]
        guard let host = host(of: authority), isRest(rest) else { return nil }
        return (host, rest)
    }

    /// Path, query and fragment.
    private static func isRest(_ text: Substring.UTF8View) -> Bool {
        guard let fragment = text.firstIndex(of: UInt8(ascii: "#")) else {
            return isEncoded(text, allowing: pathAndQuery)
        }
        return isEncoded(text[..<fragment], allowing: pathAndQuery)
            && isEncoded(text[fragment...].dropFirst(), allowing: pathAndQuery)
    }

    private static func isScheme(_ text: Substring.UTF8View) -> Bool {
        guard let first = text.first, ASCIISet.letters.contains(first) else { return false }
        return text.allSatisfy(scheme.contains)
    }

    /// Without the port, and who it is that asks.
    private static func host(of authority: Substring.UTF8View) -> Substring.UTF8View? {
        var host = authority
        if let at = host.firstIndex(of: UInt8(ascii: "@")) {
            guard isEncoded(host[..<at], allowing: userInformation) else { return nil }
            host = host[at...].dropFirst()
        }
        if host.first == UInt8(ascii: "[") { return bracketed(host) }
        let colon = host.firstIndex(of: UInt8(ascii: ":")) ?? host.endIndex
        guard isPort(host[colon...]) else { return nil }
        return isEncoded(host[..<colon], allowing: unreservedAndSubDelimiters) ? host[..<colon] : nil
    }

    private static func bracketed(_ host: Substring.UTF8View) -> Substring.UTF8View? {
        guard let end = host.firstIndex(of: UInt8(ascii: "]")) else { return nil }
        let address = host[..<end].dropFirst()
        let isAddress =
            !address.isEmpty && address.allSatisfy { Hexadecimal.value(of: $0) != nil || ":.".utf8.contains($0) }
        return isAddress && isPort(host[end...].dropFirst()) ? address : nil
    }

    private static func isPort(_ text: Substring.UTF8View) -> Bool {
        text.isEmpty || text.first == UInt8(ascii: ":") && text.dropFirst().allSatisfy(ASCIISet.digits.contains)
    }

    /// Whether whatever else there is has been encoded.
    private static func isEncoded(_ text: Substring.UTF8View, allowing others: ASCIISet) -> Bool {
        var digits = 0
        for byte in text {
            if digits > 0 {
                guard Hexadecimal.value(of: byte) != nil else { return false }
                digits -= 1
            } else if byte == UInt8(ascii: "%") {
                digits = 2
            } else if !others.contains(byte) {
                return false
            }
        }
        return digits == 0
    }

    private static let unreservedAndSubDelimiters = ASCIISet("-._~!$&'()*+,;=").union(.letters).union(.digits)
    private static let userInformation = unreservedAndSubDelimiters.union(ASCIISet(":"))
    private static let pathAndQuery = unreservedAndSubDelimiters.union(ASCIISet(":@/?"))
    private static let endsAuthority = ASCIISet("/?#")
    private static let scheme = ASCIISet("+-.").union(.letters).union(.digits)
}
