import NIOCore

/// When readers are told what has happened.
struct ActivityTimes: Sendable {
    /// Between two pieces. The first one after a pause does not wait.
    var interval = TimeAmount.milliseconds(20)
    /// A piece that has grown so long does not wait either.
    var pieceBytes = 256 << 10
    /// Between pings. A client that has said nothing from one to the next has gone.
    var ping = TimeAmount.seconds(30)
}
