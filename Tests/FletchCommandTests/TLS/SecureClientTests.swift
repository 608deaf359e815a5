import Fletch
import FletchTarget
import Foundation
import Testing

/// The library over TLS: what the command does not show.
@Suite(
    .timeLimit(.minutes(3)), .enabled(if: PythonServer.canSecure && Nginx.canSecure, "a server is not installed"))
struct SecureClientTests {
    private func configuration() async throws -> Configuration {
        var configuration = Configuration()
        configuration.proxy = .none
        configuration.addressFamily = .ipv4
        configuration.tls.authorityFile = try await CertificateAuthority.shared.value.root
        return configuration
    }

    private func failure(of request: FletchRequest, with client: FletchClient) async -> FletchError? {
        do throws(FletchError) {
            let receipt = try await client.send(request, until: .answered)
            Issue.record("no failure: \(receipt)")
            return nil
        } catch {
            return error
        }
    }

    // MARK: Sessions

    private func statuses(_ url: String, _ configuration: Configuration, count: Int = 2) async throws -> [Int] {
        try await withFletchClient(configuration) { client in
            var statuses: [Int] = []
            for _ in 1...count {
                let receipt = try await client.send(FletchRequest(.get, url), until: .answered)
                let status = try #require(receipt.status?.code)
                #expect(receipt.security?.isResumed == (status == 204))
                statuses.append(status)
            }
            return statuses
        }
    }

    @Test func clientResumesItsSessionsUnlessItIsToldNotTo() async throws {
        try await Nginx.run(Nginx.tellingResumption, as: .good) { url, _ in
            var configuration = try await configuration()
            #expect(try await statuses(url, configuration, count: 4) == [200, 204, 204, 204])
            configuration.tls.maximumVersion = .v1_2
            #expect(try await statuses(url, configuration, count: 4) == [200, 204, 204, 204])
            configuration.tls.resumesSessions = false
            #expect(try await statuses(url, configuration) == [200, 200])
        }
    }

    @Test func storeKeepsSessionsForTheNextClient() async throws {
        try await Nginx.run(Nginx.tellingResumption, as: .good) { url, _ in
            let store = RememberingStore()
            var configuration = try await configuration()
            configuration.tls.sessionStore = store
            #expect(try await statuses(url, configuration, count: 1) == [200])
            #expect(store.keys.count == 1)
            #expect(store.keys.allSatisfy { (1...1_000).contains($0.utf8.count) })
            #expect(try await statuses(url, configuration, count: 1) == [204])
        }
    }

    @Test func storeThatReturnsRubbishIsDoneWithout() async throws {
        try await Nginx.run(Nginx.tellingResumption, as: .good) { url, _ in
            let store = RememberingStore()
            var configuration = try await configuration()
            configuration.tls.sessionStore = store
            _ = try await statuses(url, configuration, count: 1)
            let session = try #require(store.last)
            let damaged: [[UInt8]] = [
                [], [0x30], Array(session.dropLast()), session + [0], [UInt8](repeating: 0xFF, count: 5_000),
                session.map { ~$0 },
            ]
            for bytes in damaged {
                store.replaceAll(with: bytes)
                let served = try await statuses(url, configuration, count: 1)
                #expect(served == [200] || served == [204])
            }
        }
    }

    @Test func keysOfAStoreAreBoundedWhateverTheSettingsAre() async throws {
        let pin = try await CertificateAuthority.shared.value.pin(.good)
        try await Nginx.run(Nginx.tellingResumption, as: .good) { url, _ in
            let store = RememberingStore()
            var configuration = try await configuration()
            configuration.tls.sessionStore = store
            configuration.tls.pinnedPublicKeys = [String](repeating: pin, count: 100)
            #expect(try await statuses(url, configuration) == [200, 204])
            configuration.tls.pinnedPublicKeys.append(pin)
            #expect(try await statuses(url, configuration, count: 1) == [200])
            #expect(store.keys.count == 2)
            #expect(store.keys.allSatisfy { (1...1_000).contains($0.utf8.count) }, "\(store.keys)")
        }
    }

    @Test func floodOfSessionsIsStoredOnceOrTwice() async throws {
        try await OpenSSLServer.run(["-tls1_3", "-num_tickets", "20"]) { server in
            let store = RememberingStore()
            var configuration = try await configuration()
            configuration.tls.sessionStore = store
            try await withFletchClient(configuration) { client in
                let receipt = try await client.send(FletchRequest(.get, server.url), until: .answered)
                #expect(receipt.status == .ok)
            }
            #expect((1...2).contains(store.storedCount), "\(store.storedCount)")
        }
    }

    // MARK: Bodies

    private static let half = "peer.sendall(b\"HTTP/1.1 200 OK\\r\\nContent-Length: 10\\r\\n\\r\\nhalf.\")"
    private static let open = "peer.sendall(b\"HTTP/1.1 200 OK\\r\\n\\r\\nuntil the end\")"

    /// What was kept of an answer.
    private func kept(_ answer: String) async throws -> Result<Receipt, FletchError> {
        let script = "peer = secured(plain)\nhead(peer)\n\(answer)"
        var result: Result<Receipt, FletchError>?
        try await PythonServer.run(script) { server in
            let client = try FletchClient(try await configuration())
            var request = FletchRequest(.post, server.url)
            request.keep = .everything(upTo: 1_000)
            do throws(FletchError) {
                result = .success(try await client.send(request, until: .answered))
            } catch {
                result = .failure(error)
            }
            _ = await client.drain(within: .seconds(20))
        }
        return try #require(result)
    }

    @Test func bodyThatIsCutOffIsNotTakenForWhole() async throws {
        for (ending, isCutOff) in [("peer.unwrap()", false), ("cut(peer)", true)] {
            guard case .failure(let error) = try await kept(Self.half + "\n" + ending) else {
                Issue.record("no failure")
                continue
            }
            #expect(error.code == .bodyCutShort)
            #expect(error.certainty == .unknown)
            #expect(error.description.contains("without TLS's own end") == isCutOff, "\(error)")
        }
    }

    @Test func bodyUntilTheEndIsWholeOnlyWithTheEndOfTLS() async throws {
        let whole = try await kept(Self.open + "\npeer.unwrap()").get()
        #expect(whole.body == Array("until the end".utf8))
        #expect(whole.isBodyComplete)
        // Anybody on the way can send a FIN.
        switch try await kept(Self.open + "\ncut(peer)") {
        case .success(let receipt): #expect(!receipt.isBodyComplete)
        case .failure(let error): #expect(error.code == .bodyCutShort)
        }
    }

    @Test func largeBodyIsKeptWhole() async throws {
        let answer = """
            body = bytes(number % 251 for number in range(300000))
            peer.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 300000\\r\\n\\r\\n" + body)
            departure(peer)
            """
        try await PythonServer.run("peer = secured(plain)\nhead(peer)\n" + answer) { server in
            try await withFletchClient(try await configuration()) { client in
                var request = FletchRequest(.get, server.url)
                request.keep = .everything(upTo: 1 << 20)
                let receipt = try await client.send(request, until: .answered)
                #expect(receipt.isBodyComplete)
                #expect(receipt.body == (0..<300_000).map { UInt8($0 % 251) })
            }
        }
    }

    // MARK: Many

    @Test func everyOneOfManyFiresArrivesOnce() async throws {
        let failures = Failures()
        try await withFletchTarget { target in
            let directives = "location / { proxy_pass \(target.url); }"
            let log = try await Nginx.run(directives, as: .good) { url, _ in
                var configuration = try await configuration()
                configuration.eventLoopCount = 2
                configuration.maximumActiveConnectionCount = 8
                // nginx resets what is beyond its 512 connections, those to the target included.
                configuration.maximumParkedConnectionCount = 64
                configuration.onFailure = { failures.note($0) }
                try await withFletchClient(configuration) { client in
                    for number in 0..<300 {
                        client.fire(FletchRequest(.post, "\(url)/\(number)", body: .utf8("body of \(number)")))
                    }
                }
            }
            #expect(failures.all.isEmpty, "\(failures.all)")
            let served = try Nginx.served(log)
            #expect(Set(served.map(\.path)).count == 300)
            #expect(served.allSatisfy { $0.status == 200 }, "\(served)")
            let records = target.records()
            #expect(records.count == 300)
            for record in records {
                let body = "body of \(record.path.dropFirst())"
                #expect(record.bodyChecksum == RequestRecord.checksum(of: body.utf8))
            }
        }
    }

    @Test func originsOfSeveralLoopsResumeTheirOwnSessionsAtTheSameTime() async throws {
        try await Nginx.run(Nginx.tellingResumption, as: .good) { url, _ in
            let port = try #require(url.split(separator: ":").last)
            var configuration = try await configuration()
            configuration.eventLoopCount = 8
            configuration.reusesConnections = false
            configuration.addresses = ["origin.test:\(port)": ["127.0.0.1"]]
            try await withFletchClient(configuration) { client in
                try await withThrowingTaskGroup(of: [Security?].self) { group in
                    for host in ["localhost", "origin.test", "127.0.0.1"] {
                        group.addTask { try await Self.secured("https://\(host):\(port)/", by: client, count: 20) }
                    }
                    for try await secured in group {
                        #expect(secured.map { $0?.isResumed } == [false] + Array(repeating: true, count: 19))
                    }
                }
            }
        }
    }

    private static func secured(_ url: String, by client: FletchClient, count: Int) async throws -> [Security?] {
        var secured: [Security?] = []
        for _ in 1...count {
            secured.append(try await client.send(FletchRequest(.get, url), until: .answered).security)
        }
        return secured
    }

    @Test func requestsArePipelined() async throws {
        let log = try await Nginx.run("location / { return 204; }", as: .good) { url, _ in
            var configuration = try await configuration()
            configuration.pipelineDepth = 8
            configuration.maximumActiveConnectionCount = 1
            let client = try FletchClient(configuration)
            try await withThrowingTaskGroup(of: Int?.self) { group in
                for number in 0..<64 {
                    group.addTask {
                        try await client.send(FletchRequest(.get, "\(url)/\(number)"), until: .answered).status?.code
                    }
                }
                for try await status in group { #expect(status == 204) }
            }
            _ = await client.drain(within: .seconds(20))
        }
        let served = try Nginx.served(log)
        #expect(served.count == 64)
        #expect(Set(served.map(\.connection)).count == 1)
        #expect(served.contains { $0.isPipelined })
    }

    @Test func requestGoesOutOnAnotherConnectionWhereTheServerHasClosedTheFirst() async throws {
        let script = """
            peer = secured(plain)
            head(peer)
            peer.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")
            peer.shutdown(2)
            say("closed")
            """
        try await PythonServer.run(script) { server in
            try await withFletchClient(try await configuration()) { client in
                for _ in 1...3 {
                    let receipt = try await client.send(FletchRequest(.get, server.url), until: .answered)
                    #expect(receipt.status == .ok)
                    let said = try await server.nextLine()
                    #expect(said == "closed")
                }
            }
        }
    }

    @Test func mistakeInTheSettingsThatIsMendedIsForgotten() async throws {
        let root = try await CertificateAuthority.shared.value.root
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: file) }
        try await Nginx.run(Nginx.tellingResumption, as: .good) { url, _ in
            var configuration = try await configuration()
            configuration.tls.authorityFile = file.path
            try await withFletchClient(configuration) { client in
                let error = try #require(await failure(of: FletchRequest(.get, url), with: client))
                #expect(error.code == .authorityFileUnusable)
                try FileManager.default.copyItem(atPath: root, toPath: file.path)
                let receipt = try await client.send(FletchRequest(.get, url), until: .answered)
                #expect(receipt.status == .ok)
            }
        }
    }

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
            try await withFile(bytes: 1_000) { path in
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

    // MARK: Ends

    @Test func cancellingInTheHandshakeSendsNothing() async throws {
        try await PythonServer.run("record(plain)\nsay('begun')\nsay(departure(plain))") { server in
            let client = try FletchClient(try await configuration())
            let sending = Task { await failure(of: FletchRequest(.get, server.url), with: client) }
            #expect(try await server.nextLine() == "begun")
            sending.cancel()
            let error = try #require(await sending.value)
            #expect(error.code == .cancelled)
            #expect(error.certainty == .notSent)
            let departure = try await server.nextLine()
            #expect(departure == "fin" || departure == "reset")
            _ = await client.drain(within: .seconds(20))
        }
    }

    @Test func plainConnectionsSayNothingOfTLS() async throws {
        try await withFletchTarget { target in
            try await withFletchClient(try await configuration()) { client in
                let receipt = try await client.send(FletchRequest(.get, target.url), until: .answered)
                #expect(receipt.security == nil)
                #expect(receipt.moments.secured == nil)
            }
        }
    }

    @Test func mistakesInTheSettingsAreToldByEachRequestThatNeedsThem() async throws {
        var configuration = try await configuration()
        configuration.tls.authorityFile = "/no/such/file"
        let client = try FletchClient(configuration)
        for _ in 1...2 {
            let error = try #require(await failure(of: FletchRequest(.get, "https://127.0.0.1:1/"), with: client))
            #expect(error.code == .authorityFileUnusable)
            #expect(error.certainty == .notSent)
        }
        try await withFletchTarget { target in
            let receipt = try await client.send(FletchRequest(.get, target.url), until: .answered)
            #expect(receipt.status == .ok)
        }
        _ = await client.drain(within: .seconds(20))
    }
}

/// Keeps sessions in memory.
///
/// What makes it `Sendable`: everything is behind the lock.
final class RememberingStore: TLSSessionStore, @unchecked Sendable {
    private let lock = NSLock()
    private var sessions: [String: [UInt8]] = [:]
    private var newest: [UInt8]?
    private var stored = 0

    var keys: [String] { lock.withLock { Array(sessions.keys) } }
    var last: [UInt8]? { lock.withLock { newest } }
    /// How often a session has been stored.
    var storedCount: Int { lock.withLock { stored } }

    func session(for key: String) -> [UInt8]? { lock.withLock { sessions[key] } }

    func store(_ session: [UInt8]?, for key: String) {
        lock.withLock {
            sessions[key] = session
            newest = session ?? newest
            if session != nil { stored += 1 }
        }
    }

    func replaceAll(with session: [UInt8]) {
        lock.withLock { for key in sessions.keys { sessions[key] = session } }
    }
}

/// Failures of fired requests.
///
/// What makes it `Sendable`: everything is behind the lock.
private final class Failures: @unchecked Sendable {
    private let lock = NSLock()
    private var noted: [String] = []

    var all: [String] { lock.withLock { noted } }

    func note(_ error: FletchError) { lock.withLock { noted.append(error.description) } }
}
