import CLinux
import Glibc

/// Looks names up off the loops, with `getaddrinfo(3)`: each name once at a time, few at the same time.
final class Resolver: Sendable {
    typealias Waiter = @Sendable (Result<[SocketAddress], ResolutionFailure>) -> Void

    private let family: Int32
    /// By `host:port`.
    private let fixed: [String: [SocketAddress]]
    private let cache: Lock<NameCache<Waiter>>

    /// - Parameters:
    ///   - addresses: By `host:port`, in place of looking it up.
    ///   - lifetime: Of an answer, in nanoseconds.
    init(
        _ addressFamily: AddressFamily, given addresses: [String: [String]], lifetime: Int64
    ) throws(FletchError) {
        family =
            switch addressFamily {
            case .any: AF_UNSPEC
            case .ipv4: AF_INET
            case .ipv6: AF_INET6
            }
        fixed = try Self.fixed(addresses)
        cache = Lock(NameCache(lifetime: lifetime, maximumLookupCount: Self.maximumLookupCount))
    }

    /// What is known of `name` without a lookup: what it is given, or itself where it is an address.
    func given(_ name: String, port: UInt16) -> Result<[SocketAddress], ResolutionFailure>? {
        if !fixed.isEmpty, let addresses = fixed["\(name):\(port)"] { return usable(addresses) }
        return SocketAddress(literal: name, port: port).map { usable([$0]) }
    }

    private func usable(_ addresses: [SocketAddress]) -> Result<[SocketAddress], ResolutionFailure> {
        let usable = family == AF_UNSPEC ? addresses : addresses.filter { $0.isVersion6 == (family == AF_INET6) }
        guard usable.isEmpty else { return .success(usable) }
        let words = family == AF_INET ? "not an IPv4 address, as is asked for" : "not an IPv6 address, as is asked for"
        return .failure(ResolutionFailure(message: words))
    }

    /// The addresses of `name`, where they are known; else `waiter` is called later, on any thread.
    func addresses(of name: String, port: UInt16, _ waiter: @escaping Waiter) -> [SocketAddress]? {
        switch cache.withLock({ $0.ask(name, waiter, at: .now) }) {
        case .known(let addresses): return addresses
        case .wait: return nil
        case .lookUp:
            lookUp(name)
            return nil
        }
    }

    /// Whether any name is being looked up, which takes descriptors.
    var isLookingUp: Bool { cache.withLock(\.isLookingUp) }

    private static func fixed(_ literals: [String: [String]]) throws(FletchError) -> [String: [SocketAddress]] {
        var fixed: [String: [SocketAddress]] = [:]
        for (name, texts) in literals {
            fixed[name.lowercased()] = try texts.map { text throws(FletchError) in
                if let address = SocketAddress(literal: text, port: 0) { return address }
                throw FletchError(.nameNotResolved, .notSent, "\(text), given for \(name), is not an IP address")
            }
        }
        return fixed
    }

    private func lookUp(_ name: String) {
        var names = [name]
        while let name = names.popLast() {
            do throws(FletchError) {
                try Thread.start { self.answer(name, Self.getAddresses(name, self.family)).forEach(self.lookUp) }
            } catch {
                names += answer(name, .failure(ResolutionFailure(cause: .memory, message: error.message)))
            }
        }
    }

    /// - Returns: Whose turn it is now.
    private func answer(_ name: String, _ result: Result<[SocketAddress], ResolutionFailure>) -> [String] {
        let (waiters, next) = cache.withLock { $0.answered(name, result, at: .now) }
        for waiter in waiters { waiter(result) }
        return next
    }

    private static func getAddresses(_ name: String, _ family: Int32) -> Result<[SocketAddress], ResolutionFailure> {
        var hints = addrinfo()
        hints.ai_family = family
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let number = getaddrinfo(name, nil, &hints, &list)
        guard number == 0 else {
            let reason = errno
            let freeCount = ResolutionFailure.freeDescriptorCount
            return .failure(
                ResolutionFailure(number: number, errorNumber: reason, freeDescriptorCount: freeCount))
        }
        defer { freeaddrinfo(list) }
        let addresses = sequence(first: list, next: { $0?.pointee.ai_next }).compactMap { entry in
            SocketAddress(entry?.pointee.ai_addr, port: 0)
        }
        guard addresses.isEmpty else { return .success(addresses) }
        return .failure(ResolutionFailure(message: "no address of a usable family"))
    }

    private static let maximumLookupCount = 8
}
