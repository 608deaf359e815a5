/// The path and query of a request line.
struct APITarget {
    /// What lies between the slashes, each decoded once.
    let segments: [String]
    private let query: Substring.UTF8View

    /// - Returns: nil where something is encoded that is no UTF-8, or not encoded to the end.
    init?(_ target: String) {
        let origin = Self.withoutAuthority(target).prefix { $0 != UInt8(ascii: "#") }
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
            let value = parts.count > 1 ? parts[1] : item[item.endIndex...]
            return Self.decoded(value) ?? String(Substring(value))
        }
    }

    /// Of a target that is a whole URL: it counts in place of `Host` (RFC 9112 §3.2.2). nil for a path.
    static func authority(of target: String) -> String? {
        let target = target[...].utf8
        guard target.first != UInt8(ascii: "/"), let slash = target.firstIndex(of: UInt8(ascii: "/")) else {
            return nil
        }
        return String(Substring(target[slash...].dropFirst(2).prefix { !"/?#".utf8.contains($0) }))
    }

    /// A proxy may be asked with a whole URL (RFC 9112 §3.2.2), and pass it on.
    private static func withoutAuthority(_ target: String) -> Substring.UTF8View {
        let target = target[...].utf8
        guard target.first != UInt8(ascii: "/"), let slash = target.firstIndex(of: UInt8(ascii: "/")) else {
            return target
        }
        return target[slash...].dropFirst(2).drop { $0 != UInt8(ascii: "/") }
    }

    private static func decoded(_ text: Substring.UTF8View) -> String? {
        guard text.contains(UInt8(ascii: "%")) else { return String(Substring(text)) }
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
