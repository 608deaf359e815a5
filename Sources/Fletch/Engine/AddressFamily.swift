/// Which addresses of a name are tried.
public enum AddressFamily: Sendable, Hashable {
    /// IPv4 and IPv6.
    case any
    /// IPv4 only.
    case ipv4
    /// IPv6 only.
    case ipv6
}
