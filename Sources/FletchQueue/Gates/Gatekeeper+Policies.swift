// What policies change.
extension Gatekeeper {
    /// A tenant has no policies any more.
    package func policiesForgotten(of tenant: String) {
        for lane in lanes.values where Bytewise(lane.name.tenant) == Bytewise(tenant) {
            gates.update(lane)
            for gate in lane.gates { turns.insert(gate) }
        }
        gates.forgetBuckets(of: tenant)
    }

    /// Takes up a policy of a tenant's that has changed.
    /// - Parameter queue: The number of the queue that the target names; nil where it names none that is there.
    package func policyChanged(for target: PolicyTarget, of tenant: String, queue: Int64?) {
        let name = QueueName(tenant: tenant, endpoint: target.text)
        for gate in gates(for: target, of: tenant, queue: queue) {
            let former = gate.state.limits
            gate.state.limits = gates.limits(of: gate.name, name)
            if former.isPaused, !gate.state.limits.isPaused { resumed.append(gate) }
            gate.state.boundBucket(at: lookedAt)
            if gate.state.limits.circuit != former.circuit { gate.state.closeCircuit() }
            turns.insert(gate)
        }
        gates.policyChanged(for: target, of: tenant, at: lookedAt)
    }

    /// Lets nothing more through, until the policy that says so is committed.
    package func pause(_ target: PolicyTarget, of tenant: String, queue: Int64) {
        for gate in gates(for: target, of: tenant, queue: queue) { change(gate) { $0.limits.isPaused = true } }
    }

    /// From when on jobs of a lane could run: since this process began, and since the last pause on the lane's way. nil if it
    /// was never looked whose turn it is.
    package func runnableSince(_ lane: Lane) -> Timestamp? {
        (lane.gates.map(\.resumedAt) + [startedAt]).lazy.compactMap(\.self).max()
    }

    private func gates(for target: PolicyTarget, of tenant: String, queue: Int64?) -> [Gate] {
        let owner = Bytewise(tenant)
        let names: [GateName]
        switch target {
        case .queue: names = queue.map { [.queue($0)] } ?? []
        case .origin(let text):
            let origin = Bytewise(text)
            // A single tenant's circuit is that of the origin.
            names = [.origin(origin, of: owner)] + (limits.isShared ? [] : [.origin(origin, of: nil)])
        case .everything: names = [.tenant(owner)]
        }
        return names.compactMap { gates[$0] }
    }
}
