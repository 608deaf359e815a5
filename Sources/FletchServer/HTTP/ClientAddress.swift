import NIOCore

/// Where a request comes from, as far as limits go: an IPv4 address, or the network that an IPv6 address is in (its first 64
/// bits), as whoever has one address there has them all.
struct ClientAddress: Hashable, Sendable {
    private let bytes: [UInt8]

    /// - Returns: nil where it has none, as over a Unix socket.
    init?(_ address: SocketAddress?) {
        switch address {
        case .v4(let address):
            bytes = withUnsafeBytes(of: address.address.sin_addr) { Array($0) }
        case .v6(let address):
            let all = withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
            let isMapped = all.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF])
            bytes = isMapped ? Array(all.suffix(4)) : Array(all.prefix(8))
        default: return nil
        }
    }
}
