import CLinux
import Glibc

@testable import Fletch

/// A server of raw sockets that does exactly what a test says, on a port that the system gives out.
///
/// Each connection runs the script on a thread of its own, which ends with the connection.
final class ScriptedPeer: Sendable {
    let address: String
    let port: UInt16
    private let listener: Int32
    private let count = Lock(0)

    /// How many connections have come.
    var connectionCount: Int { count.withLock { $0 } }

    var url: String { address.contains(":") ? "http://[\(address)]:\(port)" : "http://\(address):\(port)" }

    /// - Parameters:
    ///   - receiveBufferBytes: The listener's `SO_RCVBUF`, which its connections inherit.
    ///   - script: What to do with each connection; it is closed afterwards.
    init(
        address: String = "127.0.0.1", port: UInt16 = 0, unixSocketPath: String? = nil,
        receiveBufferBytes: Int32? = nil, backlog: Int32 = 128,
        script: @escaping @Sendable (ScriptedConnection) -> Void
    ) throws {
        self.address = address
        let socket =
            if let unixSocketPath {
                (descriptor: try Self.bound(SocketAddress(path: unixSocketPath)), port: UInt16(0))
            } else {
                try Self.bound(address, port: port, receiveBufferBytes)
            }
        listener = socket.descriptor
        self.port = socket.port
        listen(listener, backlog)
        try Thread.start { [listener, count] in
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { break }
                count.withLock { $0 += 1 }
                let connection = ScriptedConnection(descriptor: descriptor)
                try? Thread.start {
                    script(connection)
                    connection.close()
                }
            }
            Glibc.close(listener)
        }
    }

    /// Wakes the thread that accepts. It alone closes the listener: another test could have that number by the time it
    /// accepts the next connection.
    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    private static func bound(_ address: SocketAddress?) throws -> Int32 {
        guard let address else { throw ScriptedPeerError() }
        let descriptor = Socket(for: address).descriptor
        guard descriptor >= 0 else { throw ScriptedPeerError() }
        _ = fcntl(descriptor, F_SETFL, 0)
        let isBound = address.withKernelAddress { bind(descriptor, $0.assumingMemoryBound(to: sockaddr.self), $1) }
        guard isBound == 0 else { throw ScriptedPeerError() }
        return descriptor
    }

    /// A blocking socket with that address, which does not listen yet.
    static func bound(
        _ address: String, port: UInt16, _ receiveBufferBytes: Int32?
    ) throws -> (descriptor: Int32, port: UInt16) {
        guard let wanted = SocketAddress(literal: address, port: port) else { throw ScriptedPeerError() }
        let descriptor = Socket(for: wanted).descriptor
        guard descriptor >= 0 else { throw ScriptedPeerError() }
        _ = fcntl(descriptor, F_SETFL, 0)
        if let receiveBufferBytes { _ = fletch_set_option(descriptor, SOL_SOCKET, SO_RCVBUF, receiveBufferBytes) }
        let isBound = wanted.withKernelAddress { bind(descriptor, $0.assumingMemoryBound(to: sockaddr.self), $1) }
        guard isBound == 0 else { throw ScriptedPeerError() }
        var found = fletch_address()
        var length = socklen_t(MemoryLayout<fletch_address>.size)
        withUnsafeMutableBytes(of: &found) { space in
            _ = getsockname(descriptor, space.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length)
        }
        return (descriptor, UInt16(bigEndian: wanted.isVersion6 ? found.v6.sin6_port : found.v4.sin_port))
    }
}

struct ScriptedPeerError: Error {}

/// One connection of a ``ScriptedPeer``: blocking calls, for a script that reads top to bottom.
struct ScriptedConnection: Sendable {
    let descriptor: Int32

    /// Everything up to and including the empty line after the fields.
    @discardableResult
    func readHead() -> String {
        var bytes: [UInt8] = []
        while !bytes.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard let byte = read(1).first else { break }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Up to `count` bytes; fewer at the end.
    @discardableResult
    func read(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var have = 0
        while have < count {
            let received = bytes[have...].withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            guard received > 0 else { break }
            have += received
        }
        return Array(bytes.prefix(have))
    }

    /// A POST with a Content-Length, read whole.
    func readRequest() -> (head: String, body: [UInt8]) {
        let head = readHead()
        let length = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
        let count = length.flatMap { Int($0.split(separator: ":")[1].trimmingPrefix(" ")) } ?? 0
        return (head, read(count))
    }

    func write(_ text: String) { write(Array(text.utf8)) }

    func write(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// How the client leaves; blocks until it does, throwing away what else it sends.
    func departure() -> Departure {
        var space = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = recv(descriptor, &space, space.count, 0)
            if count == 0 { return .fin }
            if count < 0, errno != EINTR { return .rst }
        }
    }

    enum Departure: Sendable { case fin, rst }

    /// Whether the client has neither left nor sent anything that is unread.
    var isStillThere: Bool {
        var state = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&state, 1, 0) == 0
    }

    /// Waits until the client has taken everything from a Unix socket.
    func waitUntilRead() {
        let start = ContinuousClock.now
        while fletch_unacknowledged(descriptor) > 0, ContinuousClock.now - start < patience { sched_yield() }
    }

    /// Response bytes that the kernel has sent: what the client has paid for.
    var sentBytes: UInt64 { information(at: 200) }

    /// The receive window that the client announced last.
    var announcedWindow: UInt32 { information(at: 228) }

    /// A field of linux/tcp.h's `tcp_info` (`tcpi_bytes_sent`, `tcpi_snd_wnd`); the C library's is older than these.
    private func information<Field: FixedWidthInteger>(at offset: Int) -> Field {
        var info = [UInt8](repeating: 0, count: 256)
        var length = socklen_t(info.count)
        getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &info, &length)
        return info.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Field.self) }
    }

    /// Sends its end, and returns once that is in the client's kernel.
    func endSending() {
        shutdown(descriptor, Int32(SHUT_WR))
        while (information(at: 0) as UInt8) == Self.endIsOnItsWay { poll(nil, 0, 1) }
    }

    /// `TCP_FIN_WAIT1`.
    private static let endIsOnItsWay: UInt8 = 4

    /// Ends with RST once the client has everything: before, what is on its way would be lost.
    func flushAndReset() {
        while fletch_unacknowledged(descriptor) > 0 { poll(nil, 0, 1) }
        endWithReset()
    }

    /// Ends with RST once the script is over.
    func endWithReset() {
        var abort = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &abort, socklen_t(MemoryLayout<linger>.size))
    }

    func close() { Glibc.close(descriptor) }
}
