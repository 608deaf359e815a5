import NIOCore

/// Where what a socket sends comes from.
protocol SocketSource: Sendable {
    /// Takes a place for a socket that is about to open. On the socket's loop, as all that follows.
    /// - Returns: false where there is none.
    func enter() -> Bool

    /// Gives the place back of a socket that could not be opened.
    func leave()

    func opened(_ socket: SocketHandler, on loop: any EventLoop)

    /// Gives the place back, too.
    func closed(_ socket: SocketHandler, on loop: any EventLoop)
}
