import Glibc

/// The addresses that a server listens at.
package enum ListeningHosts {
    /// `localhost` is both of the machine's own addresses, where it has both (RFC 6761 §6.3): clients ask for ::1 first, or for
    /// 127.0.0.1 only. Every other host is one.
    package static func addresses(of host: String) -> [String] {
        guard ["localhost", "localhost."].contains(host.lowercased()) else { return [host] }
        return hasVersion6 ? ["127.0.0.1", "::1"] : ["127.0.0.1"]
    }

    private static var hasVersion6: Bool {
        let descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_addr = in6addr_loopback
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size)) == 0
            }
        }
    }
}
