internal import Fletch
import NIOCore

/// Where a request comes from.
///
/// Two are equal that limits take for one: an IPv4 address, or the network that an IPv6 address is in (its first 64 bits),
/// as whoever has one address there has them all.
struct ClientAddress: Hashable, Sendable {
    private let address: Fletch.SocketAddress
    private let network: [UInt8]

    /// - Returns: nil where it has none, as over a Unix socket.
    init?(_ address: NIOCore.SocketAddress?) {
        guard let found = address?.withSockAddr({ pointer, _ in Fletch.SocketAddress(pointer, port: 0) }) else {
            return nil
        }
        self.init(found)
    }

    /// - Parameter text: As proxies write it (RFC 7239 §6): IPv6 may have brackets, and either a port.
    init?(_ text: some StringProtocol) {
        var text = text.trimmingPrefix("[")[...]
        if let end = text.firstIndex(of: "]") {
            text = text[..<end]
        } else if text.count(where: { $0 == ":" }) == 1 {
            text = text.prefix { $0 != ":" }
        }
        guard let address = Fletch.SocketAddress(literal: String(text), port: 0) else {
            return nil
        }
        self.init(address)
    }

    private init(_ address: Fletch.SocketAddress) {
        self.address = address.unmapped
        let bytes = self.address.addressBytes
        network = bytes.count > 4 ? Array(bytes.prefix(8)) : bytes
    }

    func isIn(_ block: AddressBlock) -> Bool { block.contains(address) }

    static func == (one: Self, other: Self) -> Bool { one.network == other.network }

    func hash(into hasher: inout Hasher) { hasher.combine(network) }
}
