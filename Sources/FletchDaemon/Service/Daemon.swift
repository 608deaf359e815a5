import Fletch
import FletchQueue
import FletchQueueSQLite
import FletchServer
import Logging
import ServiceLifecycle

/// The server, the dispatcher and the client, from start to end.
struct Daemon: Service, CustomStringConvertible {
    /// For the log of its service group, which would show all that is in it, secrets included.
    let description = "fletchd"
    private let settings: Settings
    private let clock: any QueueClock
    private let store: SQLiteJobStore
    private let client: FletchClient
    private let deliverer: Deliverer
    private let dispatcher: Dispatcher
    private let server: QueueServer
    private let registry: TenantRegistry
    private let meter: UsageMeter
    private let incidents: IncidentReporter?
    private let certificates: Certificates?
    private let logger: Logger
    /// When it was told to end.
    private let drainStart = Lock<ContinuousClock.Instant?>(nil)
    /// Nothing is delivered by a process that cannot start.
    private let listening: (stream: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation)

    /// - Parameters:
    ///   - jwtVerifier: For the key in the settings.
    ///   - onListening: Told the port that it listens at.
    /// - Throws: ``StoreError``, ``FletchError``, ``ServerCertificate/Unusable``.
    init(
        _ settings: Settings, jwtVerifier: JWTVerifier?, logger: Logger,
        onListening: @escaping @Sendable (Int) -> Void
    ) throws {
        self.settings = settings
        self.logger = logger
        let listening = AsyncStream<Void>.makeStream()
        self.listening = listening
        let (budget, shortages) = try settings.descriptorBudget(storeCount: Descriptors.storeCount)
        let policies = PolicyBook(operators: settings.policies.value)
        store = try Self.open(settings, policies, budget)
        incidents = try Self.incidents(settings, logger)
        for shortage in shortages { logger.warning("\(shortage)") }
        let clock: any QueueClock = settings.hasTestClock.value ? TestQueueClock() : SystemQueueClock()
        self.clock = clock
        let registry = TenantRegistry(store, vault: settings.vault.value, clock: clock)
        let meter = UsageMeter(store, logger: logger)
        (self.registry, self.meter) = (registry, meter)
        client = try FletchClient(Self.configuration(settings, budget, logger))
        deliverer = Deliverer(
            client: client, clock: clock, timeout: .seconds(settings.deliveryTimeout.value), policies: policies,
            isInDocker: settings.isInDocker.value, isProxied: settings.proxy.value != nil,
            signer: Self.signer(settings, registry),
            meter: settings.passphrases.value.isEmpty ? nil : meter, logger: logger)
        let hub = ActivityHub(
            maximumCount: max(1, budget.apiConnectionCount / 2), isShared: !settings.isOpen)
        let activity = Activity(hub)
        dispatcher = Dispatcher(
            store: store, clock: clock, concurrency: budget.totalConcurrency, policies: policies,
            activity: activity, onDeath: incidents?.report, logger: logger,
            delivery: deliverer.deliver)
        var configuration = QueueServer.Configuration()
        configuration.host = settings.host.value
        configuration.port = settings.port.value
        certificates = try settings.certificates()
        configuration.certificates = certificates
        configuration.maximumConnectionCount = budget.apiConnectionCount
        let queue = JobQueue(store: store, dispatcher: dispatcher, clock: clock, activity: activity)
        let access = Access(
            Self.access(settings, jwtVerifier), registry: registry, meter: meter, clock: clock)
        let api = QueueAPI(queue, access: access, activity: hub, logger: logger)
        server = QueueServer(api, configuration: configuration, logger: logger) { port in
            onListening(port ?? settings.port.value)
            listening.continuation.finish()
        }
    }

    /// Works until graceful shutdown: then takes no more requests and leases no more jobs, and ends what is under way.
    func run() async throws {
        try await registry.check()
        try await refuseTenantsOfOthers()
        let drainLimit = Duration.seconds(settings.drainTimeout.value)
        try await withThrowingTaskGroup(of: Part.self) { parts in
            parts.addTask {
                try await server.run()
                return .server
            }
            parts.addTask {
                await dispatch(drainLimit)
                return .dispatcher
            }
            parts.addTask {
                await meter.run()
                return .meter
            }
            parts.addTask {
                await deleteRevokedJobs()
                return .deletion
            }
            parts.addTask {
                await dropWhatIsOld()
                return .retention
            }
            if let certificates {
                parts.addTask { [logger] in
                    await certificates.watch(logger)
                    return .certificates
                }
            }
            parts.addTask {
                try await gracefulShutdown()
                drainStart.withLock { $0 = .now }
                try await ContinuousClock().sleep(for: drainLimit + Self.grace)
                return .limit
            }
            try await end(of: &parts)
        }
        await client.drain(within: timeLeftToDrain(drainLimit))
        await incidents?.drain(within: .seconds(1))
        await meter.store()
        try store.close()
    }

    /// Without tokens whoever reaches the port would have the tenants' jobs, and those would be delivered anywhere.
    private func refuseTenantsOfOthers() async throws {
        guard settings.isOpen, !settings.isAnonymous.value, try await registry.hasTenants() else { return }
        throw TenantsWithoutTokens()
    }

    /// What a process that has died, or a disk that failed, has left of revocations: until the task is cancelled.
    private func deleteRevokedJobs() async {
        repeat {
            do {
                try await registry.deleteRevokedJobs()
            } catch {
                logger.error(
                    "jobs of revoked tenants cannot be deleted; none is delivered", metadata: ["reason": "\(error)"])
            }
        } while (try? await ContinuousClock().sleep(for: .seconds(60))) != nil
    }

    /// Keeps dead letters, and answers to requests with a key, no longer than they are to be kept: until the task is
    /// cancelled.
    private func dropWhatIsOld() async {
        var known = 0
        repeat {
            let now = clock.now
            do {
                try await store.forgetAnswers(at: now)
            } catch {
                logger.error("answers that are too old cannot be dropped", metadata: ["reason": "\(error)"])
            }
            guard !Task.isCancelled else { return }
            do {
                known = try await dropDeadLetters(at: now, beyond: known)
            } catch {
                logger.error("old dead letters cannot be dropped", metadata: ["reason": "\(error)"])
            }
        } while (try? await ContinuousClock().sleep(for: .seconds(10))) != nil
    }

    /// - Parameter known: How many have been told as dropped.
    /// - Returns: How many have been dropped since the start.
    private func dropDeadLetters(at now: Timestamp, beyond known: Int) async throws(StoreError) -> Int {
        let retention = settings.deadLetterRetention.value.milliseconds
        let end = Timestamp(milliseconds: now.milliseconds.subtractingClamped(retention))
        _ = try await store.dropDeadLetters(failedBefore: end)
        let count = try await store.droppedDeadLetterCount()
        if count > known {
            logger.notice(
                "dropped dead letters for their age, number or bytes", metadata: ["count": "\(count - known)"])
        }
        return count
    }

    /// Reads again what may be read again while it runs.
    func reload() {
        guard let certificates else { return logger.notice("SIGHUP: there is no certificate to reload") }
        certificates.reload(logger)
    }

    private enum Part { case server, dispatcher, meter, deletion, retention, certificates, limit }

    /// How long connections are waited for that no delivery needs any more: where a job has ended with the acknowledgement
    /// of its bytes, the peer may not have read them yet.
    private func timeLeftToDrain(_ limit: Duration) -> Duration {
        guard deliverer.hasParkedJobs else { return Self.grace }
        let start = drainStart.withLock(\.self) ?? .now
        return max(Self.grace, limit - start.duration(to: .now))
    }

    /// For deliveries to be handed back in once their time is over.
    private static let grace = Duration.seconds(1)

    /// Where one part ends before it is told to, the other ends with it; who holds a request back is cut off at the limit.
    private func end(of parts: inout ThrowingTaskGroup<Part, any Error>) async throws {
        var running: Set<Part> = [.server, .dispatcher]
        do {
            while !running.isEmpty, let part = try await parts.next(), part != .limit {
                running.remove(part)
                await dispatcher.drain()
                // It may have ended before it listened.
                listening.continuation.finish()
            }
            parts.cancelAll()
        } catch {
            await dispatcher.drain()
            throw error
        }
    }

    private func dispatch(_ drainLimit: Duration) async {
        for await _ in listening.stream {}
        guard !Task.isCancelled else { return }
        await withGracefulShutdownHandler {
            let count = await dispatcher.run(drainLimit: drainLimit)
            if count > 0 { logger.notice("handed back what was under way", metadata: ["jobs": "\(count)"]) }
        } onGracefulShutdown: {
            Task { await dispatcher.drain() }
        }
    }

    private static func incidents(_ settings: Settings, _ logger: Logger) throws -> IncidentReporter? {
        guard let endpoint = settings.incidentReceiver.value else { return nil }
        var configuration = Configuration()
        configuration.proxy = .none
        configuration.userAgent = "fletchd/\(fletchVersion)"
        configuration.maximumConnectionCount = Descriptors.incidentCount
        // Once each, as Quirrel has it.
        configuration.retry = .never
        configuration.onFailure = { error in
            logger.warning("an incident could not be reported", metadata: ["code": "\(error.code.rawValue)"])
        }
        configuration.logger = logger
        return IncidentReporter(
            client: try FletchClient(configuration), endpoint: endpoint, passphrase: settings.incidentPassphrase.value)
    }

    private static func policy(_ settings: Settings, _ logger: Logger) -> AddressPolicy {
        guard settings.callsPublicTargetsOnly.value else { return .any }
        let host = settings.isInDocker.value ? Surroundings.addresses(of: Deliverer.dockerHost) : []
        if settings.isInDocker.value, host.isEmpty {
            logger.warning(
                "the container's host is not known: it is called only if --allow-target names its address",
                metadata: ["name": "\(Deliverer.dockerHost)"])
        }
        return .publicOnly(except: settings.allowedTargets.value + host.compactMap { AddressBlock($0) })
    }

    private static func signer(_ settings: Settings, _ registry: TenantRegistry) -> Signer {
        let key = settings.signingKey.value
        return settings.isOpen
            ? Signer(ownSecrets: settings.webhookSecrets.value, asymmetricKey: key)
            : Signer(registry, asymmetricKey: key)
    }

    private static func access(_ settings: Settings, _ jwtVerifier: JWTVerifier?) -> Access.Configuration {
        var configuration = Access.Configuration()
        configuration.passphrases = settings.passphrases.value
        configuration.jwtVerifier = jwtVerifier
        configuration.requestLimit = settings.requestLimit.value
        configuration.allowedOrigins = settings.allowedOrigins.value
        configuration.trustedProxies = TrustedProxies(settings.trustedProxies.value)
        configuration.allowedHosts = settings.allowedHosts.value + [settings.host.value]
        return configuration
    }

    private static func configuration(
        _ settings: Settings, _ budget: DescriptorBudget, _ logger: Logger
    ) -> Configuration {
        var configuration = Deliverer.configuration(totalConcurrency: budget.totalConcurrency, logger: logger)
        configuration.maximumConnectionCount = budget.outgoingConnectionCount
        configuration.maximumParkedConnectionCount = budget.parkedConnectionCount
        configuration.proxy = settings.proxy.value?.setting ?? .none
        configuration.addressPolicy = policy(settings, logger)
        configuration.tls = settings.deliveryTLS.settings
        return configuration
    }

    private static func open(
        _ settings: Settings, _ policies: PolicyBook, _ budget: DescriptorBudget
    ) throws(StoreError) -> SQLiteJobStore {
        var limits = DeliveryLimits()
        limits.concurrency = budget.concurrency
        limits.totalConcurrency = budget.totalConcurrency
        limits.totalBodyBytes = settings.totalBodyBytes.value
        limits.isShared = !settings.isOpen
        switch settings.store.value {
        case .sqlite(let path):
            return try SQLiteJobStore(path: path, quotas: settings.quotas, limits: limits, policies: policies)
        }
    }
}
