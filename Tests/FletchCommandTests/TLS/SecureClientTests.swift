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
