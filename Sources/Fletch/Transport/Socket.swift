import CLinux
import Glibc

/// The socket calls behind the techniques that Fletch exists for. Every call is non-blocking; what returns a count
/// returns a negative `errno` on failure.
struct Socket {
    let descriptor: Int32

    /// A stream socket for `address`; negative `errno` as the descriptor where the kernel gives none.
    init(for address: SocketAddress) {
        let made = socket(address.family, Int32(SOCK_STREAM.rawValue) | O_NONBLOCK | O_CLOEXEC, 0)
        descriptor = made >= 0 ? made : -errno
    }

    init(descriptor: Int32) { self.descriptor = descriptor }

    // MARK: Before connecting

    /// Chooses the receive window, which the handshake announces and no later call can shrink.
    func setReceiveBuffer(bytes: Int32) {
        _ = fletch_set_option(descriptor, SOL_SOCKET, SO_RCVBUF, bytes)
    }

    /// Lets the handshake's last acknowledgement ride on the request: one packet less.
    func saveHandshakeAcknowledgement() {
        _ = fletch_set_option(descriptor, Int32(IPPROTO_TCP), TCP_QUICKACK, 0)
    }

    /// Lets the first bytes written ride on the handshake where the origin has allowed it before (RFC 7413).
    func sendFirstBytesFast() {
        _ = fletch_set_option(descriptor, Int32(IPPROTO_TCP), TCP_FASTOPEN_CONNECT, 1)
    }

    /// 0 when connected or under way.
    func connect(to address: SocketAddress) -> Int32 {
        let result = address.withKernelAddress { fletch_connect(descriptor, $0, $1) }
        return result == 0 || errno == EINPROGRESS ? 0 : -errno
    }

    /// Whether this machine has an address to reach `address` from; it sends nothing. Also where it cannot be found out.
    static func hasRoute(to address: SocketAddress) -> Bool {
        let probe = socket(address.family, Int32(SOCK_DGRAM.rawValue) | O_CLOEXEC, 0)
        guard probe >= 0 else { return true }
        defer { Glibc.close(probe) }
        return address.withKernelAddress { fletch_connect(probe, $0, $1) } == 0 || errno == EAGAIN
    }

    enum ConnectionState {
        case pending
        /// With the events of epoll that hold by now: an answer to data in the first packet may be there already.
        case connected(UInt32)
        case failed(Int32)
    }

    /// Whether the handshake is over, and how.
    var connectionState: ConnectionState {
        var state = pollfd(fd: descriptor, events: Int16(POLLIN | POLLOUT) | Self.peerHasFinished, revents: 0)
        guard poll(&state, 1, 0) > 0 else { return .pending }
        let error = Int32(state.revents) & (POLLERR | POLLHUP) != 0 ? takeError() : 0
        return error == 0 ? .connected(UInt32(UInt16(bitPattern: state.revents))) : .failed(error)
    }

    /// `POLLRDHUP`, which like the others has the value of its namesake of epoll.
    private static let peerHasFinished = Int16(truncatingIfNeeded: EPOLLRDHUP.rawValue)

    // MARK: Connected

    /// Hands `head` and `body` to the kernel in one call; `isMoreComing` holds a partial segment back for what follows.
    func send(_ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer, isMoreComing: Bool = false) -> Int {
        let flags = isMoreComing ? Int32(MSG_MORE) : 0
        let sent = fletch_send(
            descriptor, head.baseAddress, head.count, body.baseAddress, body.count, flags, nil, 0)
        return sent >= 0 ? sent : -Int(errno)
    }

    /// Hands `bytes` to the kernel.
    func send(_ bytes: UnsafeRawBufferPointer) -> SendProgress {
        let sent = Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        return sent >= 0 ? .sent(sent) : SendProgress(errorNumber: errno)
    }

    /// As ``send(_:_:isMoreComing:)``, connecting to `address` with the data in the first packet where it may (RFC 7413).
    func sendFast(
        _ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer, to address: SocketAddress
    ) -> Int {
        let sent = address.withKernelAddress { kernelAddress, length in
            fletch_send(
                descriptor, head.baseAddress, head.count, body.baseAddress, body.count, 0, kernelAddress, length)
        }
        return sent >= 0 ? sent : -Int(errno)
    }

    /// Sends from `file` at `offset`, without a copy through user space.
    func send(file: Int32, offset: Int, count: Int) -> Int {
        var position = off_t(offset)
        let sent = sendfile(descriptor, file, &position, count)
        return sent >= 0 ? sent : -Int(errno)
    }

    /// Holds partial segments back, so that what is written and the end of it share one packet.
    func holdSegments() {
        _ = fletch_set_option(descriptor, Int32(IPPROTO_TCP), TCP_CORK, 1)
    }

    /// Tells the peer that nothing more is sent; its answer can still be read.
    func finishSending() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    /// Whether the handshake of TCP is over: with ``sendFirstBytesFast()`` the kernel says so before it has begun.
    var hasPeer: Bool { fletch_has_peer(descriptor) }

    /// Whether the peer has taken data in the first packet (RFC 7413).
    var wasOpenedFast: Bool { fletch_was_opened_fast(descriptor) }

    /// Waits until one of `events` holds.
    /// - Returns: false once `deadline` has passed.
    func wait(for events: Int32, until deadline: Moment) -> Bool {
        while true {
            let left = (deadline - .now).wholeNanoseconds
            guard left > 0 else { return false }
            var state = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            if poll(&state, 1, Int32(clamping: left / 1_000_000 + 1)) > 0 { return true }
        }
    }

    /// Lets a partial segment leave at once, whatever is unacknowledged before it; also the one just written.
    func sendWithoutDelay() {
        _ = fletch_set_option(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    }

    /// Opens a window that was chosen small, as far as the handshake allows: 65,535 bytes without scaling.
    func openReceiveWindow(bytes: Int32 = maximumUnscaledWindowBytes) {
        _ = fletch_set_option(descriptor, SOL_SOCKET, SO_RCVBUF, bytes)
        _ = fletch_set_option(descriptor, Int32(IPPROTO_TCP), TCP_WINDOW_CLAMP, bytes)
    }

    /// Takes a few packets of pieces beside the one that fills it: the kernel counts what it keeps small packets in.
    static let windowBytesForPieces: Int32 = 4_096

    /// Acknowledges at once what has come, and whatever comes next.
    func acknowledgeAtOnce() {
        _ = fletch_set_option(descriptor, Int32(IPPROTO_TCP), TCP_QUICKACK, 1)
    }

    static let maximumUnscaledWindowBytes: Int32 = 65_535

    /// Reads what is there. With `isPeek` it stays in the kernel, so that no larger window is announced to the peer.
    func receive(into space: UnsafeMutableRawBufferPointer, isPeek: Bool) -> Int {
        let flags = isPeek ? Int32(MSG_PEEK) | Int32(MSG_DONTWAIT) : Int32(MSG_DONTWAIT)
        let received = recv(descriptor, space.baseAddress, space.count, flags)
        return received >= 0 ? received : -Int(errno)
    }

    /// Drops up to `count` received bytes without a copy, which only TCP can (tcp(7)).
    @discardableResult
    func discard(_ count: Int) -> Int {
        let dropped = recv(descriptor, nil, count, Int32(MSG_TRUNC) | Int32(MSG_DONTWAIT))
        if dropped < 0, errno == EFAULT { return readAway(count) }
        return dropped >= 0 ? dropped : -Int(errno)
    }

    private func readAway(_ count: Int) -> Int {
        withUnsafeTemporaryAllocation(byteCount: min(count, 65_536), alignment: 16) { space in
            var dropped = 0
            while dropped < count {
                let part = UnsafeMutableRawBufferPointer(rebasing: space[..<min(count - dropped, space.count)])
                let received = receive(into: part, isPeek: false)
                guard received > 0 else { return dropped > 0 ? dropped : received }
                dropped += received
            }
            return dropped
        }
    }

    /// Whether nothing has arrived since the last answer: neither bytes nor an end.
    var isQuiet: Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) < 0 && errno == EAGAIN
    }

    /// What making and ending a connection takes on the wire: SYN and its answer of 74 bytes each, an acknowledgement
    /// and a reset of 66 (Ethernet, IPv4, timestamps).
    static let newConnectionBytes = 280

    /// Bytes that the peer's TCP has not acknowledged, or that a Unix socket's peer has not read.
    ///
    /// Means nothing before the connection is made: the kernel then says 0.
    var unacknowledgedBytes: Int32 { fletch_unacknowledged(descriptor) }

    /// The error the kernel has for this socket, which it then forgets.
    func takeError() -> Int32 { fletch_socket_error(descriptor) }

    /// Has the kernel raise an event when the peer acknowledges; a hint only (it gets lost in a small buffer).
    func announceAcknowledgements() { _ = fletch_announce_acknowledgements(descriptor) }

    /// Frees the receive buffer from the events of ``announceAcknowledgements()``.
    func drainAnnouncements() { fletch_drain_error_queue(descriptor) }

    // MARK: Ending

    /// Ends with FIN, or with RST where received bytes are unread. What is unacknowledged is sent on by the kernel.
    func close() { _ = Glibc.close(descriptor) }

    /// Ends with RST: bytes that are not acknowledged are destroyed.
    func reset() { fletch_reset(descriptor) }
}
