import Foundation
import Testing

/// Sessions: resumed by a client, and by later runs of the command; never where that would prove nothing.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Nginx.canSecure, "nginx or openssl is not installed"))
struct ResumptionTests {
    private func statuses(_ outcome: Shell.Outcome) -> [Int?] { outcome.receipts.map(\.status) }

    @Test(arguments: [["-tls1_3"], ["-tls1_2"], ["-tls1_2", "-no_ticket"]])
    func secondConnectionOfARunResumes(options: [String]) async throws {
        try await OpenSSLServer.run(options) { server in
            let outcome = try await Shell.trustingFletch("-f", "-v", server.url + "/1", server.url + "/2")
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.errors.components(separatedBy: ", resumed").count == 2, "\(outcome.errors)")
            try await server.wait(for: "Reused session-id")
            try await server.wait(for: " HTTP/1.1", count: 2)
        }
    }

    @Test func serverThatOffersNoSessionIsServedAllTheSame() async throws {
        try await OpenSSLServer.run(["-num_tickets", "0", "-no_cache"]) { server in
            let outcome = try await Shell.trustingFletch("-f", "-v", server.url + "/1", server.url + "/2")
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(!outcome.errors.contains("resumed"))
        }
    }

    @Test(arguments: ["--tlsv1.3", "--tls-max=1.2"])
    func secondRunResumes(version: String) async throws {
        try await Nginx.run(Nginx.tellingResumption, as: .good) { url, _ in
            try await SessionCacheFolder.run { cache in
                for expected in [200, 204, 204] {
                    let outcome = try await Shell.trustingFletch(
                        "-f", "--receipt", "json", version, url, environment: cache.environment)
                    #expect(statuses(outcome) == [expected], "\(outcome.errors)")
                }
                #expect(cache.permissions == 0o600)
            }
        }
    }

    @Test func runThatDoesNotWaitForTheAnswerLeavesItsSessionBehind() async throws {
        try await Nginx.run(Nginx.tellingResumption, as: .good) { url, _ in
            try await SessionCacheFolder.run { cache in
                let first = try await Shell.trustingFletch("--foreground", url, environment: cache.environment)
                #expect(first.status == 0, "\(first.errors)")
                let second = try await Shell.trustingFletch(
                    "-f", "--receipt", "json", url, environment: cache.environment)
                #expect(statuses(second) == [204])
            }
        }
    }

    @Test func cacheIsUnderTheHomeDirectoryWhereNoOtherIsSaid() async throws {
        try await Nginx.run(Nginx.tellingResumption, as: .good) { url, _ in
            try await SessionCacheFolder.run { home in
                try FileManager.default.createDirectory(at: home.url, withIntermediateDirectories: true)
                for expected in [200, 204] {
                    let outcome = try await Shell.trustingFletch(
                        "-f", "--receipt", "json", url, environment: ["HOME": home.url.path])
                    #expect(statuses(outcome) == [expected])
                }
                let file = home.url.appendingPathComponent(".cache/fletch/sessions")
                #expect(FileManager.default.fileExists(atPath: file.path))
            }
        }
    }

    @Test func nothingIsKeptWhereThatIsNotWanted() async throws {
        try await Nginx.run(Nginx.tellingResumption, as: .good) { url, _ in
            try await SessionCacheFolder.run { cache in
                for _ in 1...2 {
                    let outcome = try await Shell.trustingFletch(
                        "-f", "--receipt", "json", "--no-session-cache", url, environment: cache.environment)
                    #expect(statuses(outcome) == [200], "\(outcome.errors)")
                }
                #expect(!FileManager.default.fileExists(atPath: cache.file.path))
                _ = try await Shell.trustingFletch("-f", url, environment: cache.environment)
                let outcome = try await Shell.trustingFletch(
                    "-f", "--receipt", "json", "--no-session-cache", url, environment: cache.environment)
                #expect(statuses(outcome) == [200])
            }
        }
    }

    @Test(arguments: ["readable", "link", "rubbish", "cut off", "folder", "bit"])
    func cacheThatCannotBeTrustedIsDoneWithout(damage: String) async throws {
        try await Nginx.run(Nginx.tellingResumption, as: .good) { url, _ in
            try await SessionCacheFolder.run { cache in
                _ = try await Shell.trustingFletch("-f", url, environment: cache.environment)
                try Self.spoil(cache.file, damage)
                for _ in 1...2 {
                    let outcome = try await Shell.trustingFletch(
                        "-f", "--receipt", "json", url, environment: cache.environment)
                    #expect(outcome.status == 0, "\(outcome.errors)")
                    #expect(outcome.errors.isEmpty, "\(outcome.errors)")
                }
            }
        }
    }

    private static func spoil(_ file: URL, _ damage: String) throws {
        let files = FileManager.default
        let bytes = try Data(contentsOf: file)
        switch damage {
        case "readable": try files.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
        case "link":
            let other = file.deletingLastPathComponent().appendingPathComponent("other")
            try files.moveItem(at: file, to: other)
            try files.createSymbolicLink(at: file, withDestinationURL: other)
        case "rubbish": try Data((0..<5_000).map { UInt8(truncatingIfNeeded: $0 &* 97) }).write(to: file)
        case "cut off": try bytes.prefix(bytes.count / 2).write(to: file)
        case "folder":
            try files.removeItem(at: file)
            try files.createDirectory(at: file, withIntermediateDirectories: true)
        default:
            var changed = bytes
            for index in stride(from: changed.count - 20, to: 40, by: -97) { changed[index] = UInt8(ascii: "A") }
            try changed.write(to: file)
            try files.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
        }
    }

    @Test func fileThatOthersCouldHaveWrittenIsNotUsed() async throws {
        try await Nginx.run(Nginx.tellingResumption, as: .good) { url, _ in
            try await SessionCacheFolder.run { cache in
                _ = try await Shell.trustingFletch("-f", url, environment: cache.environment)
                try FileManager.default.setAttributes([.posixPermissions: 0o646], ofItemAtPath: cache.file.path)
                let outcome = try await Shell.trustingFletch(
                    "-f", "--receipt", "json", url, environment: cache.environment)
                #expect(statuses(outcome) == [200])
            }
        }
    }

    @Test(arguments: ["line", "session"]) func expiredSessionIsNotOffered(part: String) async throws {
        try await Nginx.run(Nginx.tellingResumption, as: .good) { url, _ in
            try await SessionCacheFolder.run { cache in
                for expected in [200, 204, 200] {
                    if expected == 200 { try Self.age(cache.file, part) }
                    // OpenSSL itself offers no old session of TLS 1.3.
                    let outcome = try await Shell.trustingFletch(
                        "-f", "--receipt", "json", "--tls-max=1.2", url, environment: cache.environment)
                    #expect(statuses(outcome) == [expected], "\(outcome.errors)")
                }
            }
        }
    }

    /// Puts it back by eight days: when it was stored, or what the session itself says of its beginning.
    private static func age(_ file: URL, _ part: String) throws {
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return }
        var words = text.split { $0 == " " || $0 == "\n" }.map(String.init)
        try #require(words.count == 3)
        if part == "line" {
            words[0] = String(try #require(Int(words[0])) - 8 * 86_400)
        } else {
            var session = try #require(Data(base64Encoded: words[2]))
            // `time` in OpenSSL's `SSL_SESSION_ASN1`: [1], an integer of four bytes.
            let time = try #require(session.firstRange(of: [0xA1, 6, 2, 4]))
            let before = session[time.upperBound...].prefix(4).reduce(0) { $0 << 8 | Int($1) } - 8 * 86_400
            let bytes = (0..<4).reversed().map { UInt8(truncatingIfNeeded: before >> (8 * $0)) }
            session.replaceSubrange(time.upperBound..<time.upperBound + 4, with: bytes)
            words[2] = session.base64EncodedString()
        }
        try (words.joined(separator: " ") + "\n").write(to: file, atomically: false, encoding: .utf8)
    }

    @Test func sessionMadeWithoutVerificationDoesNotStandInForIt() async throws {
        try await Nginx.run(Nginx.tellingResumption, as: .unknownIssuer) { url, _ in
            try await SessionCacheFolder.run { cache in
                let careless = try await Shell.fletch("-4", "-k", "-f", url, environment: cache.environment)
                #expect(careless.status == 0, "\(careless.errors)")
                let careful = try await Shell.trustingFletch("-f", url, environment: cache.environment)
                #expect(careful.status == 60, "\(careful.errors)")
                let resumed = try await Shell.fletch(
                    "-4", "-k", "-f", "--receipt", "json", url, environment: cache.environment)
                #expect(statuses(resumed) == [204])
            }
        }
    }

    @Test func sessionDoesNotOutliveTheTrustInItsAuthority() async throws {
        let root = try await CertificateAuthority.shared.value.root
        try await Nginx.run(Nginx.tellingResumption, as: .good) { url, _ in
            try await SessionCacheFolder.run { cache in
                let files = FileManager.default
                let file = cache.url.appendingPathComponent("trusted.pem").path
                try files.createDirectory(at: cache.url, withIntermediateDirectories: true)
                try files.copyItem(atPath: root, toPath: file)
                var trusting = cache.environment
                trusting["SSL_CERT_FILE"] = file
                for arguments in [["--cacert", file], []] {
                    let trusted = try await Shell.run(
                        [Shell.fletch, "-4", "-f", url] + arguments, environment: trusting)
                    #expect(trusted.status == 0, "\(trusted.errors)")
                }
                let untrusting = try await Shell.fletch("-4", "-f", url, environment: cache.environment)
                #expect(untrusting.status == 60, "\(untrusting.errors)")
                let other = try await CertificateAuthority.shared.value.chain(.selfSigned)
                try Data(contentsOf: URL(fileURLWithPath: other)).write(to: URL(fileURLWithPath: file))
                let replaced = try await Shell.fletch("-4", "-f", "--cacert", file, url, environment: cache.environment)
                #expect(replaced.status == 60, "\(replaced.errors)")
            }
        }
    }

    @Test func sessionOfOneClientIsNotShownForAnotherUnderTheSamePath() async throws {
        let authority = try await CertificateAuthority.shared.value
        let (alice, bob) = (Certificate.client, Certificate.wrongUsage)
        let directives = """
            keepalive_timeout 0; ssl_client_certificate \(authority.root); ssl_verify_client on; ssl_verify_depth 3;
            location / {
                if ($ssl_client_s_dn ~ "\(alice.commonName)") { return 201; }
                if ($ssl_client_s_dn ~ "\(bob.commonName)") { return 202; }
                return 200;
            }
            """
        try await Nginx.run(directives, as: .good) { url, _ in
            try await SessionCacheFolder.run { cache in
                try FileManager.default.createDirectory(at: cache.url, withIntermediateDirectories: true)
                let shown = cache.url.appendingPathComponent("shown.pem")
                for (client, expected) in [(alice, 201), (alice, 201), (bob, 202), (bob, 202)] {
                    let parts = [authority.chain(client), authority.key(client)].map { URL(fileURLWithPath: $0) }
                    try parts.map { try Data(contentsOf: $0) }.reduce(Data(), +).write(to: shown)
                    let outcome = try await Shell.trustingFletch(
                        "-f", "--receipt", "json", "--cert", shown.path, url, environment: cache.environment)
                    #expect(statuses(outcome) == [expected], "\(outcome.errors)")
                }
            }
        }
    }

    @Test func pinHoldsForAResumedSessionToo() async throws {
        let authority = try await CertificateAuthority.shared.value
        let (right, wrong) = (try await authority.pin(.good), try await authority.pin(.rsa))
        try await Nginx.run(Nginx.tellingResumption, as: .good) { url, _ in
            try await SessionCacheFolder.run { cache in
                for expected in [200, 204] {
                    let outcome = try await Shell.trustingFletch(
                        "-f", "--receipt", "json", "--pinnedpubkey", right, url, environment: cache.environment)
                    #expect(statuses(outcome) == [expected], "\(outcome.errors)")
                }
                let refused = try await Shell.trustingFletch(
                    "-f", "--pinnedpubkey", wrong, url, environment: cache.environment)
                #expect(refused.status == 90, "\(refused.errors)")
            }
        }
    }

    @Test func sessionIsNotTakenToAnotherName() async throws {
        try await Nginx.run(Nginx.tellingResumption, as: .good) { url, _ in
            try await SessionCacheFolder.run { cache in
                let port = url.split(separator: ":").last ?? ""
                let other = "https://origin.test:\(port)"
                for (target, expected) in [(url, 200), (other, 200), (url, 204), (other, 204)] {
                    let outcome = try await Shell.trustingFletch(
                        "-f", "--receipt", "json", "--resolve", "origin.test:\(port):127.0.0.1", target,
                        environment: cache.environment)
                    #expect(statuses(outcome) == [expected], "\(target) \(outcome.errors)")
                }
            }
        }
    }

    @Test(arguments: ["--tlsv1.3", "--tls-max=1.2"])
    func serverThatHasForgottenTheSessionGetsAFullHandshake(version: String) async throws {
        try await withRefusedPort { port in
            try await SessionCacheFolder.run { cache in
                // Two servers on one port, one after the other: their tickets' keys differ.
                for _ in 1...2 {
                    try await Nginx.run(Nginx.tellingResumption, as: .good, port: port) { url, _ in
                        for expected in [200, 204] {
                            let outcome = try await Shell.trustingFletch(
                                "-f", "--receipt", "json", version, url, environment: cache.environment)
                            #expect(statuses(outcome) == [expected], "\(outcome.errors)")
                        }
                    }
                }
            }
        }
    }

    @Test func runsBesideEachOtherDoNotSpoilTheirCache() async throws {
        try await Nginx.run(Nginx.tellingResumption, as: .good) { url, _ in
            try await SessionCacheFolder.run { cache in
                let environment = cache.environment
                try await withThrowingTaskGroup(of: Int32.self) { group in
                    for number in 1...16 {
                        group.addTask {
                            try await Shell.trustingFletch("-f", "\(url)/\(number)", environment: environment).status
                        }
                    }
                    for try await status in group { #expect(status == 0) }
                }
                #expect(cache.permissions == 0o600)
                let lines = try String(contentsOf: cache.file, encoding: .utf8).split(separator: "\n")
                #expect(lines.count == 1)
                let outcome = try await Shell.trustingFletch("-f", "--receipt", "json", url, environment: environment)
                #expect(statuses(outcome) == [204])
            }
        }
    }
}
