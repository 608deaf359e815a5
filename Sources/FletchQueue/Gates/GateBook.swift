/// The gates that lanes lead through, each made when the first one does. Confined to its ``Gatekeeper``.
struct GateBook {
    private let policies: PolicyBook
    private let limits: DeliveryLimits
    private var gates: [GateName: Gate] = [:]
    /// What is used up of rates whose gates are yet to be made.
    private var buckets: [RateKey: RateBucket] = [:]

    init(_ policies: PolicyBook, _ limits: DeliveryLimits, buckets: [RateKey: RateBucket]) {
        self.policies = policies
        self.limits = limits
        self.buckets = buckets
    }

    subscript(_ name: GateName) -> Gate? { gates[name] }

    var count: Int { gates.count }

    /// All that the jobs of a lane pass, the queue's first.
    /// - Parameter group: The lane's number where it is a group's.
    mutating func path(of queue: Int64, _ name: QueueName, group: Int64?, at now: Timestamp) -> [Gate] {
        let tenant = Bytewise(name.tenant)
        let origin = Bytewise(OriginName.text(of: name.endpoint) ?? "")
        var names: [GateName] = [.queue(queue), .origin(origin, of: tenant), .origin(origin, of: nil), .tenant(tenant)]
        if let group { names.insert(.group(lane: group), at: 1) }
        if policies.policy(of: nil, for: .queue(name.endpoint)) != nil {
            names.append(.endpoint(Bytewise(name.endpoint)))
        }
        if policies.policy(of: nil, for: .everything) != nil { names.append(.everything) }
        return names.map { gate($0, name, at: now) }
    }

    /// What holds for a gate now.
    /// - Parameter name: Of a queue whose jobs pass it.
    func limits(of gate: GateName, _ name: QueueName) -> GateLimits {
        let key = Self.key(of: gate, name)
        var limits = GateLimits(key.flatMap { policies.policy(of: $0.tenant, for: $0.target) })
        switch gate {
        case .group: limits.isGroup = true
        case .origin(let origin, of: nil):
            limits.concurrency = min(limits.concurrency ?? .max, self.limits.concurrency)
            limits.circuit = limits.circuit ?? onlyTenantsCircuit(for: origin, name) ?? .standard
        default: break
        }
        return limits
    }

    /// Where there is a single tenant, its circuit for an origin is that of the origin.
    private func onlyTenantsCircuit(for origin: Bytewise, _ name: QueueName) -> CircuitPolicy? {
        limits.isShared ? nil : policies.policy(of: name.tenant, for: .origin(origin.text))?.circuit
    }

    private mutating func gate(_ name: GateName, _ queue: QueueName, at now: Timestamp) -> Gate {
        if let gate = gates[name] { return gate }
        let rateKey = Self.key(of: name, queue).map { RateKey(tenant: $0.tenant, target: $0.target.text) }
        let bucket = rateKey.flatMap { buckets.removeValue(forKey: $0) } ?? RateBucket()
        let gate = Gate(name, limits(of: name, queue), rateKey: rateKey, bucket: bucket)
        gate.state.boundBucket(at: now)
        gates[name] = gate
        return gate
    }

    /// Who states the policy of a gate, and for what; nil where nobody can.
    private static func key(of gate: GateName, _ name: QueueName) -> (tenant: String?, target: PolicyTarget)? {
        switch gate {
        case .group: return nil
        case .queue:
            // An endpoint that is an origin, with nothing behind it, has the origin's policy.
            guard let target = PolicyTarget(name.endpoint), case .queue = target else { return nil }
            return (name.tenant, target)
        case .endpoint(let endpoint): return (nil, .queue(endpoint.text))
        case .origin(let origin, of: let tenant): return (tenant?.text, .origin(origin.text))
        case .tenant(let tenant): return (tenant.text, .everything)
        case .everything: return (nil, .everything)
        case .bodies: return nil
        }
    }

    /// Bounds by a new rate what is used up of one whose gate is yet to be made. Without a policy it is forgotten.
    mutating func policyChanged(for target: PolicyTarget, of tenant: String, at now: Timestamp) {
        let key = RateKey(tenant: tenant, target: target.text)
        guard buckets[key] != nil else { return }
        guard let policy = policies.policy(of: tenant, for: target) else { return buckets[key] = nil }
        if let rate = policy.rate { buckets[key]?.bound(by: rate, at: now) }
    }

    /// The clock was set back, or is another process's.
    mutating func takeUpClock(_ now: Timestamp) {
        buckets = buckets.reduce(into: [:]) { buckets, entry in
            var bucket = entry.value
            if let rate = policy(of: entry.key)?.rate { bucket.bound(by: rate, at: now) }
            buckets[entry.key] = bucket
        }
    }

    /// Forgets gates that no lane leads through, and that know nothing.
    mutating func sweep(at now: Timestamp) {
        gates = gates.filter { $0.value.laneCount > 0 || !$0.value.state.isForgettable(at: now) }
    }

    /// All there are.
    var all: some Collection<Gate> { gates.values }

    /// A gate that was forgotten is in use after all.
    mutating func restore(_ gate: Gate) { gates[gate.name] = gate }

    /// Takes up what holds by now for the gates of a lane.
    func update(_ lane: Lane) {
        for gate in lane.gates { gate.state.limits = limits(of: gate.name, lane.name) }
    }

    /// Forgets a gate, but not what is used up of its rate.
    mutating func forget(_ name: GateName, at now: Timestamp) {
        guard let gate = gates.removeValue(forKey: name), let key = gate.rateKey else { return }
        let mayMatter = gate.state.bucket.isInUse(at: now) && policy(of: key) != nil
        buckets[key] = mayMatter ? gate.state.bucket : nil
    }

    private func policy(of key: RateKey) -> Policy? {
        PolicyTarget(key.target).flatMap { policies.policy(of: key.tenant, for: $0) }
    }

    /// Forgets what is used up of a tenant's rates whose gates are yet to be made.
    mutating func forgetBuckets(of tenant: String) {
        buckets = buckets.filter { Bytewise($0.key.tenant ?? "") != Bytewise(tenant) }
    }

    mutating func forget(tenant: Bytewise) {
        gates[.tenant(tenant)] = nil
        gates = gates.filter { name, _ in
            if case .origin(_, of: .some(tenant)) = name { false } else { true }
        }
    }
}
