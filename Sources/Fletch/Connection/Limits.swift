/// The bounds of a connection: spans of time in nanoseconds.
struct Limits: Sendable {
    let connect: Int64
    let write: Int64
    let answer: Int64
    let park: Int64
    let idle: Int64
    /// How long one address is waited for before the next is tried beside it.
    let attemptDelay: Int64
    let pipelineDepth: Int
    /// The window of a connection for requests that follow each other unanswered and keep nothing.
    var pipelineWindowBytes: Int32 { min(Socket.maximumUnscaledWindowBytes, 1_024 * Int32(min(pipelineDepth, 64))) }
    let resendsLostRequests: Bool
    let usesFastOpen: Bool
}
