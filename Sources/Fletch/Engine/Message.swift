/// What other threads say to an event loop, beside what they fire.
enum Message: Sendable {
    case submit(Submission)
    case submitSeries([Submission])
    case withdraw(Call)
    /// For the connection with this token.
    case resolved(UInt64, Result<[SocketAddress], ResolutionFailure>)
    case drain(until: Moment, @Sendable (DrainReport) -> Void)
    case perform(@Sendable () -> Void)
    case stop
}
