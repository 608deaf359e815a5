import Foundation
import Testing

/// A server that takes one request, byte by byte as it is on the wire, and answers it.
struct RawServer: ~Copyable {
    let port: Int
    private let descriptor: Int32

    var url: String { "http://127.0.0.1:\(port)" }

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isBound = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        try #require(isBound && listen(descriptor, 1) == 0)
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    /// The next request up to the end of its head, and what has come with it; answered with 200.
    func request(bodyBytes: Int = 0) async throws -> [UInt8] {
        let descriptor = descriptor
        return try await blocking {
            let connection = accept(descriptor, nil, nil)
            defer { close(connection) }
            var bytes: [UInt8] = []
            var space = [UInt8](repeating: 0, count: 65_536)
            while !Self.isWhole(bytes, bodyBytes) {
                let count = recv(connection, &space, space.count, 0)
                guard count > 0 else { break }
                bytes += space.prefix(count)
            }
            let answer = Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8)
            _ = send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
            while recv(connection, &space, space.count, 0) > 0 {}
            return bytes
        }
    }

    /// Answers the next request once its head is there, and ends the connection though more of it comes.
    func refuse(_ answer: String) async throws {
        let descriptor = descriptor
        try await blocking {
            let connection = accept(descriptor, nil, nil)
            var space = [UInt8](repeating: 0, count: 65_536)
            _ = recv(connection, &space, space.count, 0)
            _ = send(connection, Array(answer.utf8), answer.utf8.count, Int32(MSG_NOSIGNAL))
            close(connection)
        }
    }

    private static func isWhole(_ bytes: [UInt8], _ bodyBytes: Int) -> Bool {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return false }
        return bytes.count >= end.upperBound + bodyBytes
    }

    deinit { close(descriptor) }
}
