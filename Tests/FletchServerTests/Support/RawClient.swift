import Foundation
import Glibc

/// A socket to the server, and what is said over it byte by byte. Waits off the threads that Swift's tasks run on.
struct RawClient: Sendable {
    private let descriptor: Int32

    /// - Parameter receiveBytes: How much the kernel takes for a client that does not read. Default: as the system has it.
    init(port: Int, receiveBytes: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var receiveBytes {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBytes, socklen_t(MemoryLayout<Int32>.size))
        }
        var limit = timeval(tv_sec: 120, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw SocketError(code: errno) }
    }

    struct SocketError: Error { let code: Int32 }

    func send(_ text: String) throws { _ = try send(Array(text.utf8)) }

    /// - Returns: Whether all of it has been taken; false where the server has left.
    func send(_ bytes: [UInt8]) throws -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            // The server may have answered and left; what it has said is there to be read.
            if count < 0, errno == EPIPE || errno == ECONNRESET { return false }
            guard count > 0 else { throw SocketError(code: errno) }
            rest = rest.dropFirst(count)
        }
        return true
    }

    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Everything up to the end of the connection, or to what `end` says is the end.
    func receive(until end: (@Sendable (String) -> Bool)? = nil) async -> String {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var bytes: [UInt8] = []
                var buffer = [UInt8](repeating: 0, count: 65_536)
                while true {
                    let count = recv(descriptor, &buffer, buffer.count, 0)
                    guard count > 0 else { break }
                    bytes += buffer.prefix(count)
                    if end?(String(decoding: bytes, as: UTF8.self)) == true { break }
                }
                continuation.resume(returning: String(decoding: bytes, as: UTF8.self))
            }
        }
    }

    func close() { _ = Glibc.close(descriptor) }

    /// Closes with a reset: what has been sent has been sent.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }
}
