/// The durations and counts of a ``Configuration``, as an event loop uses them: whole nanoseconds, computed once.
struct Limits: Sendable {
    let connect: Int64
    let write: Int64
    let answer: Int64
    let park: Int64
    let attemptDelay: Int64
    let activeConnectionCount: Int
    let parkedConnectionCount: Int
    let usesFastOpen: Bool

    init(_ configuration: Configuration) {
        connect = configuration.connectDeadline.wholeNanoseconds
        write = configuration.writeDeadline.wholeNanoseconds
        answer = configuration.answerDeadline.wholeNanoseconds
        park = configuration.parkLimit.wholeNanoseconds
        attemptDelay = configuration.connectionAttemptDelay.wholeNanoseconds
        activeConnectionCount = max(1, configuration.maximumActiveConnectionCount)
        parkedConnectionCount = max(0, configuration.maximumParkedConnectionCount)
        usesFastOpen = configuration.usesFastOpen
    }
}
