import CLinux
import Glibc

/// Finds the addresses to connect to, and checks that the client may connect to them: every address that is dialed comes
/// from here.
///
/// Looks names up off the loops, with `getaddrinfo(3)`: each name once at a time, few at the same time.
final class Resolver: Sendable {
    typealias Waiter = @Sendable (Result<[SocketAddress], ResolutionFailure>) -> Void

    private struct Question {
        let port: UInt16
        let waiter: Waiter
    }

    private let family: Int32
    private let policy: AddressPolicy
    /// By `host:port`.
    private let fixed: [String: [SocketAddress]]
    private let cache: Lock<NameCache<Question>>

    /// - Parameters:
    ///   - addresses: By `host:port`, in place of looking it up.
    ///   - lifetime: Of an answer, in nanoseconds.
    init(
        _ addressFamily: AddressFamily, _ policy: AddressPolicy, given addresses: [String: [String]], lifetime: Int64
    ) throws(FletchError) {
        family =
            switch addressFamily {
            case .any: AF_UNSPEC
            case .ipv4: AF_INET
            case .ipv6: AF_INET6
            }
        self.policy = policy
        fixed = try Self.fixed(addresses)
        cache = Lock(NameCache(lifetime: lifetime, maximumLookupCount: Self.maximumLookupCount))
    }

    /// The addresses that `endpoint` leads to, if they are known and allowed, or why there are none; else nil, and `waiter`
    /// is called later, on any thread.
    func addresses(of endpoint: Endpoint, _ waiter: @escaping Waiter) -> Result<[SocketAddress], ResolutionFailure>? {
        switch endpoint.peer {
        case .local(let address): checked([address])
        case .host(_, _, isProxy: true) where !policy.isAny:
            .failure(.refused("a proxy connects to addresses that nobody checks here: do without it"))
        case .host(let name, let port, _):
            given(name, port: port) ?? lookedUp(name, Question(port: port, waiter: waiter))
        }
    }

    /// What is known of `name` without a lookup: what it is given, or itself where it is an address.
    private func given(_ name: String, port: UInt16) -> Result<[SocketAddress], ResolutionFailure>? {
        if !fixed.isEmpty, let addresses = fixed["\(name):\(port)"] { return usable(addresses, port: port) }
        if let address = SocketAddress(literal: name, port: port) { return checked([address]).flatMap(ofFamily) }
        guard !policy.isAny, HostName.isLoopback(name), let loopback = SocketAddress(literal: "127.0.0.1", port: port),
            case .failure(let failure) = checked([loopback], areOfName: true)
        else { return nil }
        return .failure(failure)
    }

    private func lookedUp(_ name: String, _ question: Question) -> Result<[SocketAddress], ResolutionFailure>? {
        switch cache.withLock({ $0.ask(name, question, at: .now) }) {
        case .known(let addresses): return usable(addresses, port: question.port)
        case .wait: return nil
        case .lookUp:
            lookUp(name)
            return nil
        }
    }

    /// Those of the family that is asked for, if all are allowed: a name with a refused address among others is an attempt to
    /// have that one tried.
    private func usable(_ addresses: [SocketAddress], port: UInt16) -> Result<[SocketAddress], ResolutionFailure> {
        checked(addresses.map { $0.with(port: port) }, areOfName: true).flatMap(ofFamily)
    }

    /// - Parameter areOfName: Whether they are what a name leads to, and so are to be named.
    private func checked(
        _ addresses: [SocketAddress], areOfName: Bool = false
    ) -> Result<[SocketAddress], ResolutionFailure> {
        for address in addresses {
            guard let reason = policy.refusal(of: address) else { continue }
            return .failure(.refused(areOfName ? "it leads to \(address.ipAddress ?? ""): \(reason)" : reason))
        }
        return .success(addresses)
    }

    private func ofFamily(_ addresses: [SocketAddress]) -> Result<[SocketAddress], ResolutionFailure> {
        let usable = family == AF_UNSPEC ? addresses : addresses.filter { $0.isVersion6 == (family == AF_INET6) }
        guard usable.isEmpty else { return .success(usable) }
        let words = family == AF_INET ? "not an IPv4 address, as is asked for" : "not an IPv6 address, as is asked for"
        return .failure(ResolutionFailure(message: words))
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
                try Thread.start { self.answer(name, Self.getAddresses(name, self.askedFamily)).forEach(self.lookUp) }
            } catch {
                names += answer(name, .failure(ResolutionFailure(cause: .memory, message: error.message)))
            }
        }
    }

    /// - Returns: Whose turn it is now.
    private func answer(_ name: String, _ result: Result<[SocketAddress], ResolutionFailure>) -> [String] {
        let (questions, next) = cache.withLock { $0.answered(name, result, at: .now) }
        for question in questions { question.waiter(result.flatMap { usable($0, port: question.port) }) }
        return next
    }

    /// With a policy addresses of both families are checked.
    private var askedFamily: Int32 { policy.isAny ? family : AF_UNSPEC }

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
