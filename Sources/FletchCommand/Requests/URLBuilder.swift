import ArgumentParser
import Fletch

/// Makes what the user gives as a URL one: with a scheme, and with what options add to it.
struct URLBuilder {
    /// Of `-G`; it is added to the query.
    var query: String?
    /// Of `-T`; its name is added to a URL that names a folder.
    var uploadPath: String?
    /// Whether user information is taken out, as `-H 'Authorization:'` asks.
    var leavesCredentialsOut = false

    func url(_ given: String) -> String {
        var absolute = Self.hasScheme(given) ? given : "http://" + given
        if leavesCredentialsOut { absolute = Self.withoutCredentials(absolute) }
        let end = absolute.utf8.firstIndex(of: UInt8(ascii: "#")) ?? absolute.endIndex
        return String(changed(absolute[..<end]) + absolute[end...])
    }

    /// Whether it begins with a scheme (RFC 3986 §3.1): a query may hold `://`, too.
    private static func hasScheme(_ url: String) -> Bool {
        let scheme = url.utf8.prefix { $0 != UInt8(ascii: ":") }
        guard url.utf8.dropFirst(scheme.count).starts(with: "://".utf8), !scheme.isEmpty else {
            return url.hasPrefix("://")
        }
        return scheme.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."): true
            default: false
            }
        }
    }

    private static func withoutCredentials(_ url: String) -> String {
        let bytes = url.utf8
        guard let start = bytes.firstRange(of: "://".utf8)?.upperBound else { return url }
        let authority = bytes[start...].prefix { !"/?#".utf8.contains($0) }
        guard let at = authority.lastIndex(of: UInt8(ascii: "@")) else { return url }
        return String(url[..<start] + url[bytes.index(after: at)...])
    }

    private func changed(_ url: Substring) -> Substring {
        if let query { return url + (url.utf8.contains(UInt8(ascii: "?")) ? "&" : "?") + query }
        guard let uploadPath, uploadPath != "-", let name = Self.name(uploadPath) else { return url }
        let query = url.utf8.firstIndex(of: UInt8(ascii: "?")) ?? url.endIndex
        let path = url[..<query].utf8.drop { $0 != UInt8(ascii: ":") }.dropFirst(3)
        let isFolder = path.last == slash
        guard isFolder || !path.contains(slash) else { return url }
        return url[..<query] + (isFolder ? "" : "/") + PercentEncoding.encode(ByteText.bytes(name)) + url[query...]
    }

    private static func name(_ path: String) -> String? {
        path.unicodeScalars.split(separator: "/").last.map(String.init)
    }

    private var slash: UInt8 { UInt8(ascii: "/") }
}
