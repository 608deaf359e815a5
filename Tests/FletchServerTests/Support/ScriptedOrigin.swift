import Fletch
import Foundation
import Glibc

/// An origin on a port of its own: it says what a test wants, and keeps what has arrived, byte for byte.
///
/// Waits off the threads that Swift's tasks run on.
final class ScriptedOrigin: Sendable {
    /// A request as it arrived.
    struct Arrived: Sendable {
        /// Request line and fields, without the empty line.
        let head: String
        let body: [UInt8]

        var line: String { lines.first ?? "" }

        /// Of the first field of that name, in any case.
        func value(of name: String) -> String? {
            let prefix = name.lowercased() + ": "
            return lines.dropFirst().first { $0.lowercased().hasPrefix(prefix) }.map {
                String($0.dropFirst(prefix.count))
            }
        }

        private var lines: [String] { head.components(separatedBy: "\r\n") }
    }

    /// nil for an origin that says nothing.
    typealias Reply = @Sendable (Arrived) -> String?

    let port: Int
    private let listener: Int32
    private let arrivals = Lock<[Arrived]>([])
    private let arrival = Signal()

    private init(_ reply: @escaping Reply) throws {
        (listener, port) = try Self.bound()
        listen(listener, 64)
        Thread.detachNewThread { [self] in
            while case let connection = accept(listener, nil, nil), connection >= 0 {
                Thread.detachNewThread { [self] in serve(connection, reply) }
            }
            close(listener)
        }
    }

    /// A socket with a port of its own, which refuses connections until it listens.
    private static func bound() throws -> (descriptor: Int32, port: Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isBound else {
            close(descriptor)
            throw RawClient.SocketError(code: errno)
        }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }

    /// Runs `body` with a port that nobody listens at, and that nobody else gets meanwhile.
    static func withClosedPort(_ body: (Int) async throws -> Void) async throws {
        let (descriptor, port) = try bound()
        defer { close(descriptor) }
        try await body(port)
    }

    /// Runs `body` with an origin, which listens no more when it returns.
    static func with(_ reply: @escaping Reply, _ body: (ScriptedOrigin) async throws -> Void) async throws {
        let origin = try ScriptedOrigin(reply)
        defer { origin.stop() }
        try await body(origin)
    }

    func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }

    var requests: [Arrived] { arrivals.withLock(\.self) }

    /// Waits until so many requests have arrived.
    func wait(for count: Int) async -> [Arrived] {
        _ = await arrival.comes(count)
        return requests
    }

    /// A whole answer with that status.
    static func answer(_ status: Int, _ fields: String = "", body: String = "") -> String {
        "HTTP/1.1 \(status) Status\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)"
    }

    /// Wakes the thread that accepts, which closes the listener.
    private func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    /// One request after the other, until the client leaves.
    private func serve(_ connection: Int32, _ reply: Reply) {
        defer { close(connection) }
        var bytes: [UInt8] = []
        while let request = Self.read(connection, &bytes) {
            arrivals.withLock { $0.append(request) }
            arrival.send()
            guard let text = reply(request) else { continue }
            let isSent = Array(text.utf8).withUnsafeBytes {
                send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) == $0.count
            }
            guard isSent else { return }
        }
    }

    /// - Parameter bytes: What has been received; what follows the request stays there.
    private static func read(_ connection: Int32, _ bytes: inout [UInt8]) -> Arrived? {
        while true {
            if let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) {
                let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
                let length = Arrived(head: head, body: []).value(of: "content-length").flatMap(Int.init) ?? 0
                if bytes.count - end.upperBound >= length {
                    let body = Array(bytes[end.upperBound...].prefix(length))
                    bytes.removeFirst(end.upperBound + length)
                    return Arrived(head: head, body: body)
                }
            }
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            bytes += buffer.prefix(count)
        }
    }
}
