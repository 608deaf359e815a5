import Fletch
import Foundation
import Testing

/// Records that wait because the server does not read: they go out as they are.
@Suite(.timeLimit(.minutes(3)), .enabled(if: PythonServer.canSecure, "openssl or python3 is not installed"))
struct StalledRecordTests {
    /// Reads nothing until it is told to; then answers each request with its path. Plain connections tell it to, and ask
    /// which paths it has seen.
    private static let stalling = """
        if plain.recv(1, socket.MSG_PEEK) == b"G":
            go.set()
            if " /seen " in head(plain): say(",".join(seen))
            return plain.sendall(b"HTTP/1.1 204 No Content\\r\\n\\r\\n")
        peer, before = secured(plain), -1
        while waiting(peer) == 0 or waiting(peer) != before:
            before = waiting(peer)
            go.wait(0.3)
        say("full")
        go.wait(60)
        while True:
            text = head(peer)
            path = text.split(" ")[1]
            exactly(peer, int(text.lower().split("content-length: ")[1].split()[0]))
            seen.append(path)
            peer.sendall(f"HTTP/1.1 200 OK\\r\\nContent-Length: {len(path)}\\r\\n\\r\\n{path}".encode())
        """
    private static let waiting = """
        import array, fcntl, termios
        go, seen = threading.Event(), []
        def waiting(peer):
            count = array.array("i", [0])
            fcntl.ioctl(peer, termios.FIONREAD, count)
            return count[0]
        """

    private func requests(_ url: String, count: Int) -> [FletchRequest] {
        (0..<count).map { number in
            var request = FletchRequest(.put, "\(url)/\(number)", body: .bytes([UInt8](repeating: 1, count: 6_000)))
            request.keep = .everything(upTo: 100)
            return request
        }
    }

    /// A connection that the kernel takes no more bytes for, to a server that reads nothing until it is told to.
    private struct Stall {
        let client: FletchClient
        let server: PythonServer
        let failures: Failures

        private var plainURL: String { "http://127.0.0.1:\(server.port)" }

        func url(_ path: String) -> String { server.url + "/" + path }

        func isFull() async throws -> Bool { try await server.nextLine() == "full" }

        func resume() async throws {
            _ = try await client.send(FletchRequest(.get, plainURL + "/go"), until: .answered)
        }

        /// The paths that the server has answered until now.
        func seen() async throws -> [String] {
            _ = try await client.send(FletchRequest(.get, plainURL + "/seen"), until: .answered)
            return try await server.nextLine().split(separator: ",").map(String.init)
        }
    }

    private func stalled(_ body: (Stall) async throws -> Void) async throws {
        try await PythonServer.run(Self.stalling, set: Self.waiting) { server in
            let failures = Failures()
            var configuration = Configuration.oneConnection(depth: 2_000)
            configuration.proxy = .none
            configuration.addressFamily = .ipv4
            configuration.tls.authorityFile = try await CertificateAuthority.shared.value.root
            configuration.onFailure = { failures.note($0) }
            try await withFletchClient(configuration) { client in
                try await body(Stall(client: client, server: server, failures: failures))
            }
        }
    }

    /// What is in a record that the kernel has not taken goes out with it, whatever its callers do meanwhile.
    @Test func cancellingBehindAStalledRecordTakesNobodysPlace() async throws {
        try await stalled { stall in
            let sendings = requests(stall.server.url, count: 1_500).map { request in
                Task { await stall.client.answer(to: request) }
            }
            #expect(try await stall.isFull())
            var untouched: Set<String> = []
            for (number, sending) in sendings.enumerated() where number % 3 != 0 {
                sending.cancel()
                if case .failure(let error) = await sending.value, error.certainty == .notSent {
                    untouched.insert("/\(number)")
                }
            }
            try await stall.resume()
            for (number, sending) in sendings.enumerated() where number % 3 == 0 {
                let receipt = try await sending.value.get()
                #expect(String(decoding: receipt.body, as: UTF8.self) == "/\(number)")
            }
            #expect(untouched.isDisjoint(with: try await stall.seen()))
            #expect(!untouched.isEmpty)
        }
    }

    private func withFile(bytes: Int, _ body: (_ path: String) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try Data(repeating: UInt8(ascii: "x"), count: bytes).write(to: URL(fileURLWithPath: path))
        defer { unlink(path) }
        try await body(path)
    }

    @Test(arguments: [0, 500]) func fileThatBecameShorterFailsItsOwnRequestOnly(length: Int) async throws {
        try await stalled { stall in
            // A smaller one is read at once.
            try await withFile(bytes: 20_000) { path in
                let body = [UInt8](repeating: 1, count: 16 << 20)
                let large = FletchRequest(.put, stall.url("large"), body: .bytes(body))
                let sending = Task { await stall.client.answer(to: large) }
                #expect(try await stall.isFull())
                stall.client.fire(FletchRequest(.put, stall.url("before"), body: .utf8("x")))
                stall.client.fire(FletchRequest(.put, stall.url("file"), body: .file(path)))
                stall.client.fire(FletchRequest(.put, stall.url("behind"), body: .utf8("x")))
                #expect(truncate(path, length) == 0)
                try await stall.resume()
                #expect(try await sending.value.get().status == .ok)
                await stall.client.drain(within: .seconds(60))
                let failures = stall.failures.all
                #expect(failures.count == 1, "\(failures)")
                #expect(failures.allSatisfy { $0.contains("body-unreadable (not-sent)") }, "\(failures)")
            }
        }
    }

    @Test func fileThatBecomesShorterBehindARecordIsWhatIsSaidToHaveFailed() async throws {
        try await stalled { stall in
            try await withFile(bytes: 16 << 20) { path in
                let request = FletchRequest(.put, stall.url("file"), body: .file(path))
                let sending = Task { await stall.client.answer(to: request) }
                #expect(try await stall.isFull())
                // In the middle of the record that waits: it goes out as it was.
                #expect(truncate(path, Int(stall.client.statistics.sentBytes) + 8_192) == 0)
                try await stall.resume()
                guard case .failure(let error) = await sending.value else {
                    Issue.record("no failure")
                    return
                }
                #expect(error.code == .bodyUnreadable, "\(error)")
                #expect(error.certainty == .unknown)
            }
        }
    }
}
