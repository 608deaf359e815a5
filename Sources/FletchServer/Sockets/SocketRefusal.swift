import NIOCore

/// Opens a socket to say no: a page's script sees nothing of a status, but the reason of a close.
struct SocketRefusal: SocketSource {
    /// At most 123 bytes.
    let reason: String

    func enter() -> Bool { true }
    func leave() {}
    func opened(_ socket: SocketHandler, on loop: any EventLoop) { socket.end(.policyViolation, reason) }
    func closed(_ socket: SocketHandler, on loop: any EventLoop) {}
}
