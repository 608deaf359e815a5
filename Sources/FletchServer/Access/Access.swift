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
        /// Web pages that may ask where callers are not told apart, and else with a passphrase; `*` for all. Default: none.
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
        var fields: [HTTPField] = []
        /// Of the token that the caller has shown; nil where it was something else.
        var digest: TokenDigest?
        /// How often tokens had changed when it was looked up.
        var generation = 0
        /// Until when the JWT counts that the caller has shown.
        var end: Timestamp?
    }

    /// What shares a limit of requests.
    private enum LimitKey: Hashable {
        /// A tenant, whatever it has shown.
        case tenant(String)
        /// An operator in a tenant's name.
        case operatorFor(String)
        case operators
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
    /// Whether callers are not told apart.
    let isOpen: Bool
    private let passphrases: Passphrases
    private let proxies: TrustedProxies
    private let jwtVerifier: JWTVerifier?
    private let clock: any QueueClock
    private let instant: @Sendable () -> ContinuousClock.Instant
    private let isLimited: Bool
    private let counts: Lock<Counts>

    /// - Parameters:
    ///   - clock: What tokens expire by.
    ///   - instant: What the minutes of limits are counted by. Default: the machine's clock.
    package init(
        _ configuration: Configuration, registry: TenantRegistry, meter: UsageMeter, clock: any QueueClock,
        instant: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.registry = registry
        self.meter = meter
        self.clock = clock
        self.instant = instant
        isOpen = configuration.isOpen
        passphrases = configuration.passphrases
        proxies = configuration.trustedProxies
        jwtVerifier = configuration.jwtVerifier
        pages = WebPages(
            isOpen: configuration.isOpen, allowedOrigins: configuration.allowedOrigins,
            allowedHosts: configuration.allowedHosts)
        isLimited = configuration.requestLimit != nil || !configuration.isOpen
        counts = Lock(Counts(requests: RequestLimit(configuration.requestLimit ?? Self.usualRequestLimit)))
    }

    /// Whether there are routes for such a right at all.
    func offers(_ right: Right) -> Bool {
        switch right {
        case .administer: !passphrases.isEmpty
        case .rotate: !isOpen
        case .none, .enqueue, .read, .change: true
        }
    }

    /// Turns a request away, or says whose it is.
    func admit(_ request: APIRequest, _ right: Right) async throws -> Admission {
        guard right != .none else { return Admission(caller: .anonymous) }
        guard var admission = try await identified(request, right) else {
            let fields = try count(.address(address(of: request)))
            throw (right == .administer ? APIResponse.unauthenticatedAdmin : .unauthenticated).adding(fields)
        }
        let caller = admission.caller
        let fields = try count(limitKey(of: caller, request))
        switch caller.verdict(on: right) {
        case .allowed: break
        case .unauthenticated: throw APIResponse.unauthenticatedAdmin.adding(fields)
        case .forbidden: throw APIResponse.forbidden(APIResponse.enqueueOnly).adding(fields)
        case .tenantNeeded:
            throw APIResponse.invalid("name the tenant: it is the user name, with the passphrase as the password")
                .adding(fields)
        }
        if !passphrases.isEmpty, right != .administer, let tenant = caller.meteredTenant { meter.count(tenant) }
        admission.fields = fields
        return admission
    }

    /// How long a caller may go on by what it has shown; nil for ever.
    func timeLeft(_ admission: Admission) -> Duration? {
        admission.end.map { .milliseconds(max(0, $0.milliseconds - clock.now.milliseconds)) }
    }

    /// Turns a request away whose token has been revoked since it was admitted.
    func confirm(_ admission: Admission) async throws {
        guard let digest = admission.digest, registry.generation != admission.generation else { return }
        try Self.check(await registry.holder(of: digest)?.holder, against: admission.caller)
    }

    // By itself: Swift 6.3's optimizer crashes over the comparison behind the suspension.
    private static func check(_ holder: TenantRegistry.Holder?, against caller: Caller) throws(APIResponse) {
        guard let holder, caller == .tenant(holder.tenant, by: .token(holder.scope)) else { throw .unauthenticated }
    }

    /// - Returns: nil for nobody who may ask.
    private func identified(_ request: APIRequest, _ right: Right) async throws -> Admission? {
        guard !isOpen else { return Admission(caller: .anonymous) }
        switch Credentials(request.fields.value(of: .authorization)) {
        case .none, .unreadable: return nil
        case .bearer(let value): return try await holder(of: value)
        case .basic(let user, let password): return try operatorFor(user, password, request, right)
        }
    }

    private func holder(of value: String) async throws -> Admission? {
        if let jwtVerifier, Credentials.isJWT(value) {
            return await jwtVerifier.holder(of: value, at: clock.now).map {
                Admission(caller: .tenant($0.subject, by: .jwt), end: $0.end)
            }
        }
        // Without passphrases none could be revoked.
        guard !passphrases.isEmpty else { return nil }
        let digest = TokenDigest(of: value)
        return try await registry.holder(of: digest).map { holder, generation in
            Admission(
                caller: .tenant(holder.tenant, by: .token(holder.scope)), digest: digest, generation: generation)
        }
    }

    private func operatorFor(
        _ tenant: String, _ passphrase: String, _ request: APIRequest, _ right: Right
    ) throws(APIResponse) -> Admission? {
        let address = address(of: request)
        try refuseGuesser(address)
        // Browsers keep these credentials, and send them along with what any page makes them ask.
        if let origin = pages.foreignOrigin(request.fields, host: request.host) {
            throw .forbidden("a passphrase is not taken from a page of \(origin.prefix(256))")
        }
        guard passphrases.contains(passphrase) else {
            let now = instant()
            _ = counts.withLock { $0.guesses.count(address, at: now) }
            return nil
        }
        // What is about no tenant's jobs does not depend on whom the operator names.
        guard !tenant.isEmpty, right != .administer else { return Admission(caller: .admin) }
        guard TenantID.isValid(tenant) else { throw .invalid("\(TenantID.rule)") }
        let isCounted = request.fields.contains(.countUsage)
        return Admission(caller: .tenant(tenant, by: .impersonation(isCounted: isCounted)))
    }

    /// So that passphrases cannot be guessed.
    private func refuseGuesser(_ address: ClientAddress?) throws(APIResponse) {
        let now = instant()
        guard let window = counts.withLock({ $0.guesses.window(of: address, at: now) }),
            window.count >= Self.maximumGuessCount
        else { return }
        throw .limitExceeded(secondsLeft: window.secondsLeft)
    }

    private func address(of request: APIRequest) -> ClientAddress? {
        proxies.client(ClientAddress(request.peer), request.fields)
    }

    private func limitKey(of caller: Caller, _ request: APIRequest) -> LimitKey {
        switch caller {
        case .anonymous: .address(address(of: request))
        case .admin: .operators
        case .tenant(let id, by: .impersonation): .operatorFor(id)
        case .tenant(let id, _): .tenant(id)
        }
    }

    private func count(_ key: @autoclosure () -> LimitKey) throws(APIResponse) -> [HTTPField] {
        guard isLimited else { return [] }
        let (key, now) = (key(), instant())
        let window = counts.withLock { $0.requests.count(key, at: now) }
        let fields = [
            HTTPField(name: .rateLimit, value: String(window.limit)),
            HTTPField(name: .rateRemaining, value: String(window.remaining)),
            HTTPField(name: .rateReset, value: String(window.secondsLeft)),
        ]
        guard !window.isExceeded else {
            throw APIResponse.limitExceeded(secondsLeft: window.secondsLeft).adding(fields)
        }
        return fields
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
