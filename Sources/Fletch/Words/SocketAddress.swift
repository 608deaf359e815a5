import CLinux
import Glibc

/// The address of a peer: IPv4, IPv6 or a Unix socket's path.
public struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
    private enum Storage: Sendable, Hashable {
        case version4(address: UInt32, port: UInt16)
        case version6(high: UInt64, low: UInt64, scope: UInt32, port: UInt16)
        case local(path: String)
    }

    private let storage: Storage

    private init(_ storage: Storage) { self.storage = storage }

    /// An IPv4 or IPv6 address from its text; nil for anything else, names included.
    package init?(literal text: String, port: UInt16) {
        var version4 = in_addr()
        var version6 = in6_addr()
        if inet_pton(AF_INET, text, &version4) == 1 {
            self.init(.version4(address: version4.s_addr, port: port))
        } else if inet_pton(AF_INET6, text, &version6) == 1 {
            self.init(version6, scope: 0, port: port)
        } else {
            return nil
        }
    }

    /// A Unix socket; nil where the path is empty or longer than the kernel takes (107 bytes).
    init?(path: String) {
        guard (1...Self.maximumPathBytes).contains(path.utf8.count), !path.utf8.contains(0) else { return nil }
        self.init(.local(path: path))
    }

    /// What `getaddrinfo(3)` returns.
    package init?(_ address: UnsafePointer<sockaddr>?, port: UInt16) {
        guard let address else { return nil }
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            let found = UnsafeRawPointer(address).load(as: sockaddr_in.self)
            self.init(.version4(address: found.sin_addr.s_addr, port: port))
        case AF_INET6:
            let found = UnsafeRawPointer(address).load(as: sockaddr_in6.self)
            self.init(found.sin6_addr, scope: found.sin6_scope_id, port: port)
        default:
            return nil
        }
    }

    private init(_ address: in6_addr, scope: UInt32, port: UInt16) {
        let halves = withUnsafeBytes(of: address) { bytes in
            (bytes.load(as: UInt64.self), bytes.load(fromByteOffset: 8, as: UInt64.self))
        }
        self.init(.version6(high: halves.0, low: halves.1, scope: scope, port: port))
    }

    /// `127.0.0.1:80`, `[::1]:80`, `unix:/run/app.sock`.
    public var description: String {
        switch storage {
        case .version4(_, let port): "\(text):\(port)"
        case .version6(_, _, _, let port): "[\(text)]:\(port)"
        case .local(let path): "unix:\(path)"
        }
    }

    /// `127.0.0.1`, `::1`: without port, brackets and zone; nil for a Unix socket.
    public var ipAddress: String? { isLocal ? nil : text }

    /// The port; nil for a Unix socket.
    public var port: UInt16? {
        switch storage {
        case .version4(_, let port), .version6(_, _, _, let port): port
        case .local: nil
        }
    }

    /// The same address with another port.
    func with(port: UInt16) -> SocketAddress {
        switch storage {
        case .version4(let address, _): SocketAddress(.version4(address: address, port: port))
        case .version6(let high, let low, let scope, _):
            SocketAddress(.version6(high: high, low: low, scope: scope, port: port))
        case .local: self
        }
    }

    var isVersion6: Bool { if case .version6 = storage { true } else { false } }
    var isLocal: Bool { if case .local = storage { true } else { false } }

    /// How many bits an address of its family has; nil for a Unix socket.
    var bitWidth: Int? {
        switch storage {
        case .version4: 32
        case .version6: 128
        case .local: nil
        }
    }

    /// The address as a number; nil for a Unix socket.
    var bits: UInt128? {
        switch storage {
        case .version4(let address, _): UInt128(UInt32(bigEndian: address))
        case .version6(let high, let low, _, _):
            UInt128(UInt64(bigEndian: high)) << 64 | UInt128(UInt64(bigEndian: low))
        case .local: nil
        }
    }

    /// The address as a number, and how many bits it has; of an IPv4-mapped one those of the IPv4 address that it carries. nil
    /// for a Unix socket.
    var unmappedBits: (bits: UInt128, width: Int)? {
        switch storage {
        case .version4(let address, _): (UInt128(UInt32(bigEndian: address)), 32)
        case .version6(let high, let low, _, _):
            isMapped
                ? (UInt128(UInt32(truncatingIfNeeded: UInt64(bigEndian: low))), 32)
                : (UInt128(UInt64(bigEndian: high)) << 64 | UInt128(UInt64(bigEndian: low)), 128)
        case .local: nil
        }
    }

    /// Whether it is an IPv4 address, mapped (RFC 4291 §2.5.5.2): the kernel connects to that.
    var isMapped: Bool {
        if case .version6(0, let low, _, _) = storage { UInt64(bigEndian: low) >> 32 == 0xFFFF } else { false }
    }

    /// The IPv4 address that a mapped one carries; any other as it is.
    package var unmapped: SocketAddress { isMapped ? carried ?? self : self }

    /// The IPv4 address in the last bits of one of IPv6; nil for any other.
    var carried: SocketAddress? {
        guard case .version6(_, let low, _, let port) = storage else { return nil }
        let address = UInt32(truncatingIfNeeded: UInt64(bigEndian: low)).bigEndian
        return SocketAddress(.version4(address: address, port: port))
    }

    /// Whether it is a multicast address, or the broadcast address of every network (RFC 5771, RFC 4291 §2.7, RFC 919).
    var isOfMany: Bool {
        switch storage {
        case .version4(let address, _): Self.isOfMany(UInt32(bigEndian: address))
        case .version6 where isMapped: unmapped.isOfMany
        case .version6(let high, _, _, _): UInt64(bigEndian: high) >> 56 == 0xFF
        case .local: false
        }
    }

    private static func isOfMany(_ version4: UInt32) -> Bool { version4 >> 28 == 0xE || version4 == .max }

    /// Whether the peer is on this machine, where the kernel acknowledges within the call that sends.
    var isLoopback: Bool {
        switch storage {
        case .version4(let address, _): UInt32(bigEndian: address) >> 24 == 127
        case .version6(let high, let low, _, _): high == 0 && UInt64(bigEndian: low) == 1
        case .local: true
        }
    }

    var family: Int32 {
        switch storage {
        case .version4: AF_INET
        case .version6: AF_INET6
        case .local: AF_UNIX
        }
    }

    /// The bytes of the address, most significant first; none for a Unix socket.
    package var addressBytes: [UInt8] {
        switch storage {
        case .version4(let address, _): withUnsafeBytes(of: address, Array.init)
        case .version6(let high, let low, _, _): withUnsafeBytes(of: (high, low), Array.init)
        case .local: []
        }
    }

    /// The address as system calls take it.
    func withKernelAddress<Result>(_ body: (UnsafeRawPointer, socklen_t) -> Result) -> Result {
        var address = fletch_address()
        let length = fill(&address)
        return withUnsafePointer(to: &address) { body(UnsafeRawPointer($0), length) }
    }

    private func fill(_ address: inout fletch_address) -> socklen_t {
        switch storage {
        case .version4(let bits, let port):
            address.v4.sin_family = sa_family_t(AF_INET)
            address.v4.sin_port = port.bigEndian
            address.v4.sin_addr.s_addr = bits
            return socklen_t(MemoryLayout<sockaddr_in>.size)
        case .version6(let high, let low, let scope, let port):
            address.v6.sin6_family = sa_family_t(AF_INET6)
            address.v6.sin6_port = port.bigEndian
            address.v6.sin6_scope_id = scope
            withUnsafeMutableBytes(of: &address.v6.sin6_addr) { bytes in
                bytes.storeBytes(of: high, as: UInt64.self)
                bytes.storeBytes(of: low, toByteOffset: 8, as: UInt64.self)
            }
            return socklen_t(MemoryLayout<sockaddr_in6>.size)
        case .local(let path):
            address.local.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.local.sun_path) { $0.copyBytes(from: path.utf8) }
            return socklen_t(MemoryLayout<sockaddr_un>.size)
        }
    }

    private var text: String {
        var text = [UInt8](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let bytes = addressBytes
        let isText = text.withUnsafeMutableBytes { space in
            inet_ntop(family, bytes, space.baseAddress, socklen_t(space.count)) != nil
        }
        return isText ? String(decoding: text.prefix { $0 != 0 }, as: UTF8.self) : "?"
    }

    private static let maximumPathBytes = 107
}
