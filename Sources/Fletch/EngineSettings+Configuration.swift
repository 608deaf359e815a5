import CoreMetrics

// What the floors below need of a configuration: whole nanoseconds, computed once, within the bounds that make sense.

extension EngineSettings {
    init(_ configuration: Configuration) {
        self.init(
            limits: Limits(configuration), poolLimits: PoolLimits(configuration),
            outbox: Outbox.Bounds(
                count: max(1, configuration.outboxCapacity), bytes: max(1, configuration.outboxCapacityBytes),
                policy: configuration.overflowPolicy),
            retry: configuration.retry, onFailure: configuration.onFailure, log: EventLog(configuration.logger),
            metrics: configuration.metrics)
    }
}

extension Limits {
    init(_ configuration: Configuration) {
        self.init(
            connect: configuration.connectDeadline.wholeNanoseconds,
            write: configuration.writeDeadline.wholeNanoseconds,
            answer: configuration.answerDeadline.wholeNanoseconds,
            park: configuration.parkLimit.wholeNanoseconds,
            idle: configuration.idleLimit.wholeNanoseconds,
            attemptDelay: configuration.connectionAttemptDelay.wholeNanoseconds,
            pipelineDepth: configuration.reusesConnections ? max(1, configuration.pipelineDepth) : 1,
            resendsLostRequests: configuration.resendsLostRequests, usesFastOpen: configuration.usesFastOpen)
    }
}

extension PoolLimits {
    init(_ configuration: Configuration) {
        self.init(
            wait: configuration.connectionWaitLimit?.wholeNanoseconds ?? .max,
            connectionCount: max(1, configuration.maximumConnectionCount),
            activeConnectionCount: max(1, configuration.maximumActiveConnectionCount),
            parkedConnectionCount: max(0, configuration.maximumParkedConnectionCount),
            reusesConnections: configuration.reusesConnections,
            circuitFailureLimit: max(0, configuration.circuitFailureLimit),
            circuitPause: configuration.circuitPause.wholeNanoseconds)
    }
}

extension Resolver {
    /// - Throws: ``FletchError`` with `nameNotResolved` for what ``Configuration/addresses`` holds beside IP addresses.
    convenience init(_ configuration: Configuration) throws(FletchError) {
        try self.init(
            configuration.addressFamily, configuration.addressPolicy, given: configuration.addresses,
            lifetime: configuration.nameLifetime.wholeNanoseconds)
    }
}
