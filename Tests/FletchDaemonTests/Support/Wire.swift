import CLinux
import Foundation
import Glibc

/// A connection to a port of this machine, for threads that may block.
final class Wire {
    private let descriptor: Int32
    private let fields: [String: String]
    private var buffer: [UInt8] = []

    /// The connection is refused, or has ended.
    struct Broken: Error {}

    /// - Parameter fields: What every request says beside the usual.
    init(port: Int, _ fields: [String: String] = [:]) throws {
        self.fields = fields
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = fletch_network_order(UInt16(port))
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        guard fletch_connect(descriptor, &address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 else {
            throw Broken()
        }
    }

    deinit { close(descriptor) }

    /// Sends a request, and reads its answer.
    func ask(_ method: String, _ path: String, body: String? = nil) throws -> Answer {
        var text = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        for (name, value) in fields { text += "\(name): \(value)\r\n" }
        if let body { text += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n" }
        try send(text + "\r\n" + (body ?? ""))
        return try answer()
    }

    func send(_ text: String) throws {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw Broken() }
            rest = rest.dropFirst(count)
        }
    }

    private func answer() throws -> Answer {
        var head = ""
        while let line = try line() { head += line + "\n" }
        let lines = head.split(separator: "\n")
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        let length = lines.first { $0.lowercased().hasPrefix("content-length:") }
        let count = length.flatMap { Int($0.drop { $0 != ":" }.dropFirst().trimmingCharacters(in: .whitespaces)) } ?? 0
        while buffer.count < count { try receive() }
        defer { buffer.removeFirst(count) }
        return Answer(status: status ?? 0, head: head, body: String(decoding: buffer[..<count], as: UTF8.self))
    }

    /// nil for an empty one.
    private func line() throws -> String? {
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: buffer[..<end], as: UTF8.self)
                buffer.removeSubrange(...end)
                return line == "\r" ? nil : line.trimmingCharacters(in: .newlines)
            }
            try receive()
        }
    }

    private func receive() throws {
        var bytes = [UInt8](repeating: 0, count: 16_384)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { throw Broken() }
        buffer += bytes[..<count]
    }
}

/// What `fletchd` has answered.
struct Answer: Sendable {
    let status: Int
    let head: String
    let body: String
}
