/// Which addresses a client may connect to, so that URLs of strangers cannot lead into its own network.
///
/// Checks every address right before a connection is made to it: that of a URL, in whatever form it is written there, those
/// that a name has been resolved to, and those of ``Configuration/addresses``. The name is not looked up again in between. A
/// name with one refused address is refused whole, also if ``Configuration/addressFamily`` rules that address out. The
/// request fails with `targetRefused` and ``Certainty/notSent``, and is not retried; the message says why.
///
/// Under every policy but ``any``, a request that would go through a proxy is refused: the proxy resolves the name and
/// connects, and the client does not see where to.
///
/// A connection that is reused has been checked when it was made, and serves only the origin that it was made for. The client
/// does not follow redirects; a request to where one points is checked as any other.
///
/// Does not know which public addresses belong to this machine or its network, nor which prefixes of IPv6 that network
/// translates to private IPv4 addresses (RFC 6052 §2.2). Does not restrict ports.
public enum AddressPolicy: Sendable {
    /// Every address is allowed.
    case any
    /// Ordinary public addresses are allowed, and those of `except`.
    ///
    /// Refused are Unix sockets, the names for loopback (`localhost`, RFC 6761 §6.3) unless 127.0.0.1 is excepted, every
    /// address in IANA's registries of special-purpose addresses (RFC 6890), such as private, loopback, link-local, shared
    /// and documentation addresses, 6to4 and Teredo, and multicast, deprecated and reserved addresses.
    ///
    /// An IPv4-mapped IPv6 address is judged as the IPv4 address in it, by `except` as well. An address of 64:ff9b::/96
    /// (NAT64, RFC 6052) is refused if the IPv4 address in it is; only a block of IPv6 addresses excepts it.
    case publicOnly(except: [AddressBlock] = [])
    /// An address is allowed if the function returns nil; else it returns the reason for the failure's message.
    ///
    /// It is called for every address, with its port, before every connection, and for the paths of Unix sockets; also with
    /// 127.0.0.1 before `localhost` is looked up. It runs on threads of the client's and must not block. An IPv4-mapped
    /// address comes as the IPv6 address that it is; ``AddressBlock/contains(_:)`` looks into it.
    case custom(@Sendable (SocketAddress) -> String?)

    /// The reason why `address` is refused; nil if it is allowed. ``publicOnly(except:)`` names the block of addresses and the
    /// RFC that reserves it.
    public func refusal(of address: SocketAddress) -> String? {
        switch self {
        case .any: nil
        case .publicOnly(let exceptions): Self.reason(against: address, except: exceptions)
        case .custom(let refusal): refusal(address)
        }
    }

    var isAny: Bool { if case .any = self { true } else { false } }

    private static func reason(against address: SocketAddress, except exceptions: [AddressBlock]) -> String? {
        if address.isLocal { return "a Unix socket is no public address" }
        for exception in exceptions where exception.contains(address) { return nil }
        return SpecialPurposeBlock.reason(against: address)
    }
}
