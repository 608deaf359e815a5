import HeapModule

/// The lanes that wait before a gate and are of tenants whose last probe has told nothing. Those of other tenants go
/// first; then the tenant whose probe is longest ago.
struct YieldingLanes {
    /// Of each such tenant, whether or not any waits; some may have gone elsewhere since.
    private var lanes: [Bytewise: Heap<LaneTurn>] = [:]
    /// The one whose probe is longest ago first.
    private var tenants: [Bytewise] = []

    var isEmpty: Bool { tenants.isEmpty }

    func contains(_ tenant: String) -> Bool { !isEmpty && lanes[Bytewise(tenant)] != nil }

    /// A probe of the tenant's has told nothing.
    mutating func probed(by tenant: String) {
        let tenant = Bytewise(tenant)
        tenants.removeAll { $0 == tenant }
        tenants.append(tenant)
        if lanes[tenant] == nil { lanes[tenant] = Heap() }
    }

    /// - Parameter laneCount: How many lanes there may be.
    mutating func insert(_ turn: LaneTurn, among laneCount: Int) {
        let tenant = Bytewise(turn.lane.name.tenant)
        if let waiting = lanes[tenant], waiting.count > 2 * laneCount + 64 {
            lanes[tenant] = Heap(waiting.unordered.filter(\.isValid))
        }
        lanes[tenant]?.insert(turn)
    }

    /// The one that goes first; nil for none.
    var first: LaneTurn? {
        mutating get { first(before: nil) }
    }

    /// Whether another tenant's goes before those of this one.
    mutating func hasOne(before tenant: String) -> Bool { first(before: Bytewise(tenant)) != nil }

    mutating func removeFirst() {
        guard let first else { return }
        lanes[Bytewise(first.lane.name.tenant)]?.removeMin()
    }

    /// Forgets the probes.
    /// - Returns: What has waited.
    mutating func removeAll() -> [LaneTurn] {
        defer { self = YieldingLanes() }
        return lanes.values.flatMap { $0.unordered.filter(\.isValid) }
    }

    private mutating func first(before end: Bytewise?) -> LaneTurn? {
        for tenant in tenants {
            if tenant == end { return nil }
            while let first = lanes[tenant]?.min {
                if first.isValid { return first }
                lanes[tenant]?.removeMin()
            }
        }
        return nil
    }
}
