/// The durations and counts of a ``Configuration``, as an event loop uses them: whole nanoseconds, computed once.
struct Limits: Sendable {
    let wait: Int64
    let connect: Int64
    let write: Int64
    let answer: Int64
    let park: Int64
    let idle: Int64
    let attemptDelay: Int64
    let connectionCount: Int
    let activeConnectionCount: Int
    let parkedConnectionCount: Int
    let pipelineDepth: Int
    let reusesConnections: Bool
    let resendsLostRequests: Bool
    /// The window of a connection for requests that follow each other unanswered and keep nothing.
    let pipelineWindowBytes: Int32
    let circuitFailureLimit: Int
    let circuitPause: Int64
    let usesFastOpen: Bool

    init(_ configuration: Configuration) {
        wait = configuration.connectionWaitLimit?.wholeNanoseconds ?? .max
        connect = configuration.connectDeadline.wholeNanoseconds
        write = configuration.writeDeadline.wholeNanoseconds
        answer = configuration.answerDeadline.wholeNanoseconds
        park = configuration.parkLimit.wholeNanoseconds
        idle = configuration.idleLimit.wholeNanoseconds
        attemptDelay = configuration.connectionAttemptDelay.wholeNanoseconds
        connectionCount = max(1, configuration.maximumConnectionCount)
        activeConnectionCount = max(1, configuration.maximumActiveConnectionCount)
        parkedConnectionCount = max(0, configuration.maximumParkedConnectionCount)
        reusesConnections = configuration.reusesConnections
        resendsLostRequests = configuration.resendsLostRequests
        pipelineDepth = reusesConnections ? max(1, configuration.pipelineDepth) : 1
        pipelineWindowBytes = Int32(min(Int(Socket.maximumUnscaledWindowBytes), pipelineDepth * 1_024))
        circuitFailureLimit = max(0, configuration.circuitFailureLimit)
        circuitPause = configuration.circuitPause.wholeNanoseconds
        usesFastOpen = configuration.usesFastOpen
    }
}
