/// The hosts that a proxy is not for, as `no_proxy` lists them.
struct ProxyExceptions: Sendable {
    private let entries: [String]

    /// - Parameter list: Names (each with its subdomains), addresses, networks (`10.0.0.0/8`) or `*`, with commas or
    ///   white space between. A dot at a name's end, which stands for the root, makes no difference.
    init(_ list: String) {
        entries = list.split { $0 == "," || $0.isWhitespace }.map { entry in
            let name = Self.withoutRoot(entry.lowercased())
            return HostName.address(Array(name.utf8)) ?? name
        }
    }

    private static func withoutRoot(_ name: String) -> String {
        name.hasSuffix(".") && name != "*." ? String(name.dropLast()) : name
    }

    /// - Parameter host: Lower case, without brackets.
    func contains(_ host: String) -> Bool {
        let host = Self.withoutRoot(host)
        let address = SocketAddress(literal: host, port: 0)
        return entries.contains { entry in
            if entry == "*" { return true }
            return address.map { Self.matches($0, entry) } ?? Self.matches(host, entry)
        }
    }

    private static func matches(_ host: String, _ entry: String) -> Bool {
        let name = String(entry.drop { $0 == "." })
        return !name.isEmpty && (host == name || host.hasSuffix("." + name))
    }

    private static func matches(_ address: SocketAddress, _ entry: String) -> Bool {
        let parts = entry.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let literal = parts[0].filter { $0 != "[" && $0 != "]" }
        guard let network = SocketAddress(literal: literal, port: 0), network.family == address.family else {
            return false
        }
        let bitCount = network.addressBytes.count * 8
        guard parts.count == 2 else { return network == address }
        guard let prefix = Int(parts[1]), (0...bitCount).contains(prefix) else { return false }
        return zip(network.addressBytes, address.addressBytes).enumerated().allSatisfy { index, pair in
            let bits = min(8, max(0, prefix - index * 8))
            let mask = UInt8(truncatingIfNeeded: 0xFF00 >> bits)
            return pair.0 & mask == pair.1 & mask
        }
    }
}
