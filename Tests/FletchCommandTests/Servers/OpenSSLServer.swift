import Foundation
import Testing

/// `openssl s_server`, which shows what it receives and sends what it is given: one connection after the other, each
/// request answered once its head is there.
///
/// What makes it `Sendable`: `lines` belongs to `condition`.
final class OpenSSLServer: @unchecked Sendable {
    let port: Int
    private let started: Started
    private let condition = NSCondition()
    private var lines: [String] = []
    private var hasEnded = false

    var url: String { "https://localhost:\(port)" }

    /// Everything that it has said until now.
    var log: String { condition.withLock { lines.joined(separator: "\n") } }

    /// Runs `body` with a server that has these options besides port and certificate.
    /// - Parameter answer: What is written to it for each request: a response, or one of its commands.
    static func run(
        _ options: [String] = [], as certificate: Certificate = .good,
        answer: String = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        _ body: (OpenSSLServer) async throws -> Void
    ) async throws {
        let authority = try await CertificateAuthority.shared.value
        let chain = authority.chain(certificate)
        let started = try await Shell.start(
            [
                CertificateAuthority.path, "s_server", "-accept", "127.0.0.1:0", "-cert", chain, "-cert_chain", chain,
                "-key", authority.key(certificate),
            ] + options, input: nil)
        do {
            try await body(OpenSSLServer(started, answer))
        } catch {
            kill(started.id, SIGTERM)
            _ = try await started.end()
            throw error
        }
        kill(started.id, SIGTERM)
        _ = try await started.end()
    }

    /// Has it send `text`, or do what a command says: what it reads at once is one or the other.
    func say(_ text: String) async throws {
        try await started.feed(text)
        try await blocking { [started] in
            var count: Int32 = 0
            let limit = Date(timeIntervalSinceNow: 100)
            while ioctl(started.input.fileDescriptor, UInt(FIONREAD), &count) == 0, count > 0 {
                try #require(Date() < limit, "not read: \(text)")
                poll(nil, 0, 1)
            }
        }
    }

    /// Waits until a line that holds `text` has been said `count` times.
    func wait(for text: String, count: Int = 1) async throws {
        try await blocking { [self] in
            let limit = Date(timeIntervalSinceNow: 100)
            condition.lock()
            defer { condition.unlock() }
            while lines.count(where: { $0.contains(text) }) < count {
                try #require(!hasEnded && condition.wait(until: limit), "not said: \(text)\n\(lines)")
            }
        }
    }

    private init(_ started: Started, _ answer: String) async throws {
        self.started = started
        var line = ""
        while !line.hasPrefix("ACCEPT ") {
            line = try await started.nextLine()
            try #require(!line.isEmpty, "s_server has ended")
        }
        port = try #require(line.split(separator: ":").last.flatMap { Int($0) })
        Thread.detachNewThread { [self] in serve(answer) }
    }

    /// Until its end.
    private func serve(_ answer: String) {
        while let line = try? started.nextLineBlocking(), !line.isEmpty {
            note(line)
            // Only what it has received ends like this.
            if line == "\r\n" { try? started.input.write(contentsOf: Data(answer.utf8)) }
        }
        condition.withLock {
            hasEnded = true
            condition.broadcast()
        }
    }

    private func note(_ line: String) {
        condition.withLock {
            lines.append(line.trimmingCharacters(in: .newlines))
            condition.broadcast()
        }
    }
}
