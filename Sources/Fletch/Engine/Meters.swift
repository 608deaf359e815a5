import CoreMetrics

/// A client's counters as swift-metrics has them. Labels are bounded: milestones, and the codes of failures.
///
/// Made when the loop first has something to report, so that the program can choose its metrics system before.
struct Meters {
    private let factory: any MetricsFactory
    private var reported = Statistics()
    private var counters: [String: Counter] = [:]
    private let connections: Meter
    private let parkedConnections: Meter

    /// nil where nobody collects metrics.
    init?(_ factory: (any MetricsFactory)?) {
        let factory = factory ?? MetricsSystem.factory
        if factory is NOOPMetricsHandler { return nil }
        self.factory = factory
        connections = Meter(label: "fletch_connections", dimensions: [("state", "open")], factory: factory)
        parkedConnections = Meter(label: "fletch_connections", dimensions: [("state", "parked")], factory: factory)
    }

    /// Reports what has changed since the last time.
    mutating func report(_ now: Statistics) {
        let old = reported
        reported = now
        count("fletch_requests_accepted", nil, now.acceptedCount - old.acceptedCount)
        count("fletch_requests_reached", nil, now.reachedCount - old.reachedCount)
        count("fletch_requests_retried", nil, now.retriedCount - old.retriedCount)
        for (code, total) in now.failed {
            count("fletch_requests_failed", ("code", code.rawValue), total - old.failed[code, default: 0])
        }
        for (reason, total) in now.dropped {
            count("fletch_requests_dropped", ("reason", reason.rawValue), total - old.dropped[reason, default: 0])
        }
        count("fletch_milestones", ("milestone", "written"), now.writtenCount - old.writtenCount)
        count("fletch_milestones", ("milestone", "acknowledged"), now.acknowledgedCount - old.acknowledgedCount)
        count("fletch_milestones", ("milestone", "answered"), now.answeredCount - old.answeredCount)
        count("fletch_bytes", ("direction", "sent"), now.sentBytes - old.sentBytes)
        count("fletch_bytes", ("direction", "received"), now.receivedBytes - old.receivedBytes)
        count("fletch_bytes", ("direction", "avoided"), now.avoidedBytes - old.avoidedBytes)
        // Each loop reports its own part of the same meters.
        Self.change(connections, from: old.connectionCount, to: now.connectionCount)
        Self.change(parkedConnections, from: old.parkedConnectionCount, to: now.parkedConnectionCount)
    }

    private static func change(_ meter: Meter, from old: Int, to now: Int) {
        if now > old { meter.increment(by: Double(now - old)) }
        if now < old { meter.decrement(by: Double(old - now)) }
    }

    private mutating func count(_ label: String, _ dimension: (String, String)?, _ change: Int) {
        guard change > 0 else { return }
        let key = dimension.map { "\(label) \($0.1)" } ?? label
        if counters[key] == nil {
            counters[key] = Counter(label: label, dimensions: dimension.map { [$0] } ?? [], factory: factory)
        }
        counters[key]?.increment(by: change)
    }
}
