/// The path and query of a request line.
struct APITarget {
    private typealias Bytes = ArraySlice<UInt8>

    /// What lies between the slashes, each decoded once. Empty for `/send/URL`.
    let segments: [String]
    /// The URL of `/send/URL`, with its query and fragment: neither it nor what comes before it is decoded. nil for
    /// any other path.
    let urlToSend: String?
    private let query: Bytes

    /// - Returns: nil where something is encoded that is no UTF-8, or not encoded to the end.
    init?(_ target: String) {
        let whole = Self.withoutAuthority(Array(target.utf8)[...])
        let origin = whole.prefix { $0 != UInt8(ascii: "#") }
        urlToSend = Self.urlToSend(whole)
        guard urlToSend == nil else {
            (segments, query) = ([], [])
            return
        }
        let path = origin.prefix { $0 != UInt8(ascii: "?") }
        query = origin[path.endIndex...].dropFirst()
        var segments: [String] = []
        for segment in path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let decoded = Self.decoded(segment) else { return nil }
            segments.append(decoded)
        }
        self.segments = segments
    }

    /// The values of a parameter, decoded; those that cannot be, as they are.
    func values(of name: String) -> [String] {
        query.split(separator: UInt8(ascii: "&")).compactMap { item in
            let parts = item.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let first = parts.first, Self.decoded(first) == name else { return nil }
            let value = parts.count > 1 ? parts[1] : []
            return Self.decoded(value) ?? String(decoding: value, as: UTF8.self)
        }
    }

    /// The names of all parameters in their order, decoded; those that cannot be, as they are.
    var parameterNames: [String] {
        query.split(separator: UInt8(ascii: "&")).map { item in
            let name = item.prefix { $0 != UInt8(ascii: "=") }
            return Self.decoded(name) ?? String(decoding: name, as: UTF8.self)
        }
    }

    /// Of a target that is a whole URL: it counts in place of `Host` (RFC 9112 §3.2.2). nil for a path.
    static func authority(of target: String) -> String? {
        authorityAndPath(Array(target.utf8)[...]).map { String(decoding: $0.authority, as: UTF8.self) }
    }

    /// The target without the authority, if it is a whole URL; else the target.
    static func originForm(of target: String) -> String {
        guard let path = authorityAndPath(Array(target.utf8)[...])?.path else { return target }
        return (path.first == UInt8(ascii: "/") ? "" : "/") + String(decoding: path, as: UTF8.self)
    }

    private static func urlToSend(_ origin: Bytes) -> String? {
        let top = "/send/".utf8
        return origin.starts(with: top) ? String(decoding: origin.dropFirst(top.count), as: UTF8.self) : nil
    }

    /// A proxy may be asked with a whole URL (RFC 9112 §3.2.2), and pass it on.
    private static func withoutAuthority(_ target: Bytes) -> Bytes { authorityAndPath(target)?.path ?? target }

    private static func authorityAndPath(_ target: Bytes) -> (authority: Bytes, path: Bytes)? {
        guard target.first != UInt8(ascii: "/"), let slash = target.firstIndex(of: UInt8(ascii: "/")) else {
            return nil
        }
        let rest = target[slash...].dropFirst(2)
        let authority = rest.prefix { !"/?#".utf8.contains($0) }
        return (authority, rest[authority.endIndex...])
    }

    private static func decoded(_ text: Bytes) -> String? {
        guard text.contains(UInt8(ascii: "%")) else { return String(decoding: text, as: UTF8.self) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var rest = text.makeIterator()
        while let byte = rest.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.next().flatMap(Hexadecimal.value), let low = rest.next().flatMap(Hexadecimal.value)
            else { return nil }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
