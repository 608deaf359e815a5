internal import Fletch
package import FletchQueue
import HTTPTypes

/// Who may ask: finds out who a caller is, and counts what each asks for.
package final class Access: Sendable {
    package struct Configuration: Sendable {
        /// What operators ask with. Default: none.
        package var passphrases = Passphrases()
        /// What JWTs are verified with. Default: nothing.
        package var jwtVerifier: JWTVerifier?
        /// How many requests each caller may make in a minute. Default: 10,000 where callers are told apart, else any number.
        package var requestLimit: Int?
        /// Web pages that may ask where callers are not told apart; `*` for all. Default: none.
        package var allowedOrigins: [String] = []
        /// Names of this server beside those that nobody else can have, where callers are not told apart. Default: none.
        package var allowedHosts: [String] = []

        /// Reverse proxies whose forwarding fields count. Default: none.
        package var trustedProxies = TrustedProxies()

        package init() {}

        /// Whether callers are not told apart.
        package var isOpen: Bool { passphrases.isEmpty && jwtVerifier == nil }
    }

    /// A request that may be carried out.
    struct Admission {
        let caller: Caller
        /// What the answer says about the caller's limit.
        var fields = HTTPFields()
        /// SHA-256 of the token that the caller has shown; nil where it was something else.
        var digest: [UInt8]?
        /// Until when the JWT counts that the caller has shown.
        var end: Timestamp?
        /// How often tokens had changed by then.
        var generation = 0
    }

    /// Who asks, and what that rests on.
    private struct Asker {
        let caller: Caller
        var digest: [UInt8]?
        var end: Timestamp?
    }

    private enum LimitKey: Hashable {
        case caller(Caller)
        case address(ClientAddress?)
    }

    private struct Counts {
        var requests: RequestLimit<LimitKey>
        var guesses = RequestLimit<ClientAddress?>(Access.maximumGuessCount)
    }

    package static let usualRequestLimit = 10_000
    /// Wrong passphrases from one address in a minute.
    static let maximumGuessCount = 100

    let pages: WebPages
    let registry: TenantRegistry
    let meter: UsageMeter
    private let proofs: Proofs
    private let proxies: TrustedProxies
    private let jwtVerifier: JWTVerifier?
    private let clock: any QueueClock
    private let isLimited: Bool
    private let counts: Lock<Counts>

    package init(
        _ configuration: Configuration, registry: TenantRegistry, meter: UsageMeter, clock: any QueueClock
    ) {
        self.registry = registry
        self.meter = meter
        self.clock = clock
        proofs = Proofs(passphrases: configuration.passphrases, hasKey: configuration.jwtVerifier != nil)
        proxies = configuration.trustedProxies
        jwtVerifier = configuration.jwtVerifier
        pages = WebPages(
            isOpen: configuration.isOpen, allowedOrigins: configuration.allowedOrigins,
            allowedHosts: configuration.allowedHosts)
        isLimited = configuration.requestLimit != nil || !configuration.isOpen
        counts = Lock(Counts(requests: RequestLimit(configuration.requestLimit ?? Self.usualRequestLimit)))
    }

    /// Whether there are routes for such a right at all.
    func offers(_ right: Right) -> Bool { proofs.offers(right) }

    /// Turns a request away, or says whose it is.
    func admit(_ request: APIRequest, _ right: Right) async throws -> Admission {
        guard right != .none else { return Admission(caller: .anonymous) }
        let address = proxies.client(request.peer, request.fields)
        let generation = registry.generation
        guard let asker = try await asker(of: request, at: address) else {
            let fields = try count(.address(address))
            throw (right == .administer ? APIResponse.unauthenticatedAdmin : .unauthenticated).adding(fields)
        }
        let caller = asker.caller
        let fields = try count(caller == .anonymous ? .address(address) : .caller(caller.limitKey))
        switch caller.verdict(on: right) {
        case .allowed: break
        case .unauthenticated: throw APIResponse.unauthenticatedAdmin.adding(fields)
        case .forbidden: throw APIResponse.forbidden("this token is for enqueueing jobs only").adding(fields)
        case .tenantNeeded:
            throw APIResponse.invalid("name the tenant: it is the user name, with the passphrase as the password")
                .adding(fields)
        }
        if !proofs.passphrases.isEmpty, right != .administer, let tenant = caller.meteredTenant { meter.count(tenant) }
        return Admission(
            caller: caller, fields: fields, digest: asker.digest, end: asker.end, generation: generation)
    }

    /// How long a caller may go on by what it has shown; nil for ever.
    func timeLeft(_ admission: Admission) -> Duration? {
        admission.end.map { .milliseconds(max(0, $0.milliseconds - clock.now.milliseconds)) }
    }

    /// Turns a request away whose token has been revoked since it was admitted.
    func confirm(_ admission: Admission) async throws {
        guard let digest = admission.digest, registry.generation != admission.generation else { return }
        let holder = try await registry.holder(of: digest)
        try Self.check(holder, against: admission.caller)
    }

    // By itself: Swift 6.3's optimizer crashes over the comparison behind the suspension.
    private static func check(_ holder: TenantRegistry.Holder?, against caller: Caller) throws(APIResponse) {
        guard let holder, caller == .tenant(holder.tenant, by: .token(holder.scope)) else { throw .unauthenticated }
    }

    private func asker(of request: APIRequest, at address: ClientAddress?) async throws -> Asker? {
        let credentials = Credentials(request.fields[.authorization])
        if case .basic = credentials {
            try refuseGuesser(address)
            // Browsers keep these credentials, and send them along with what any page makes them ask.
            if !proofs.isOpen, let origin = pages.foreignOrigin(request.fields, host: request.host) {
                throw APIResponse.forbidden("a passphrase is not taken from a page of \(origin.prefix(256))")
            }
        }
        switch Claim(credentials, proofs, countsUsage: request.fields[.countUsage] != nil) {
        case .known(.tenant(let id, _)) where !TenantID.isValid(id): throw APIResponse.invalid("\(TenantID.rule)")
        case .known(let caller): return Asker(caller: caller)
        case .token(let token):
            let digest = TenantRegistry.digest(token)
            return try await registry.holder(of: digest).map {
                Asker(caller: .tenant($0.tenant, by: .token($0.scope)), digest: digest)
            }
        case .jwt(let token):
            return await jwtVerifier?.holder(of: token, at: clock.now).map {
                Asker(caller: .tenant($0.subject, by: .jwt), end: $0.end)
            }
        case .wrongPassphrase:
            _ = counts.withLock { $0.guesses.count(address, at: .now) }
            return nil
        case .refused: return nil
        }
    }

    /// So that passphrases cannot be guessed.
    private func refuseGuesser(_ address: ClientAddress?) throws(APIResponse) {
        guard let window = counts.withLock({ $0.guesses.window(of: address, at: .now) }),
            window.count >= Self.maximumGuessCount
        else { return }
        throw .limitExceeded(secondsLeft: window.secondsLeft)
    }

    private func count(_ key: LimitKey) throws(APIResponse) -> HTTPFields {
        guard isLimited else { return HTTPFields() }
        let window = counts.withLock { $0.requests.count(key, at: .now) }
        var fields = HTTPFields()
        fields[.rateLimit] = String(window.limit)
        fields[.rateRemaining] = String(window.remaining)
        fields[.rateReset] = String(window.secondsLeft)
        guard !window.isExceeded else {
            throw APIResponse.limitExceeded(secondsLeft: window.secondsLeft).adding(fields)
        }
        return fields
    }
}

extension Proofs {
    fileprivate func offers(_ right: Right) -> Bool {
        switch right {
        case .administer: !passphrases.isEmpty
        case .rotate: !isOpen
        case .none, .enqueue, .read, .change: true
        }
    }
}

extension HTTPField.Name {
    /// An operator wants the call to count as the tenant's.
    fileprivate static let countUsage = named("x-quirrel-count-usage")
    // The form of an older draft, as @fastify/rate-limit has them.
    fileprivate static let rateLimit = named("ratelimit-limit")
    fileprivate static let rateRemaining = named("ratelimit-remaining")
    fileprivate static let rateReset = named("ratelimit-reset")
}
