package import Fletch
import HTTPTypes

/// Reverse proxies that say for whom they ask.
package struct TrustedProxies: Sendable {
    private let blocks: [AddressBlock]

    /// - Parameter blocks: Their addresses.
    package init(_ blocks: [AddressBlock] = []) { self.blocks = blocks }

    /// Who asks: the last address that is no proxy's, of those that the proxies have passed on. What stands before it may be
    /// anything that the client has made up.
    func client(_ peer: ClientAddress?, _ fields: HTTPFields) -> ClientAddress? {
        guard let peer, isTrusted(peer), let named = Self.named(in: fields) else { return peer }
        var last = peer
        for text in named.reversed() {
            // An obfuscated one (RFC 7239 §6.3) is somebody behind the last proxy that is known.
            guard let address = ClientAddress(text) else { return last }
            guard isTrusted(address) else { return address }
            last = address
        }
        return last
    }

    private func isTrusted(_ address: ClientAddress) -> Bool { blocks.contains(where: address.isIn) }

    /// Where both fields are there, a client may have sent the one that its proxy does not know: then neither counts, unless
    /// they say the same.
    private static func named(in fields: HTTPFields) -> [Substring]? {
        let standard = fields[values: .forwarded].flatMap(forwarded)
        let usual = fields[values: .forwardedFor].flatMap { $0.split(separator: ",") }.map { $0.trimming(" \t") }
        if standard.allSatisfy(\.isEmpty) { return usual }
        return usual.isEmpty || standard.map { ClientAddress($0) } == usual.map { ClientAddress($0) } ? standard : nil
    }

    /// What `for` says of each element (RFC 7239 §4); empty where it says nothing, which is somebody all the same.
    private static func forwarded(_ value: String) -> [Substring] {
        value.split(separator: ",").map { element in
            let pairs = element.split(separator: ";").map { $0.trimming(" \t") }
            return pairs.first { $0.lowercased().hasPrefix("for=") }?.dropFirst(4).trimming("\"") ?? ""
        }
    }
}

extension Substring {
    fileprivate func trimming(_ characters: String) -> Substring {
        var rest = drop(while: characters.contains)
        while let last = rest.last, characters.contains(last) { rest.removeLast() }
        return rest
    }
}

extension HTTPField.Name {
    fileprivate static let forwarded = named("Forwarded")
    fileprivate static let forwardedFor = named("X-Forwarded-For")
}
