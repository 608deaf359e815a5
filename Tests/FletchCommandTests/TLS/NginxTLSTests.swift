import FletchTarget
import Foundation
import Testing

/// Behind an nginx that speaks TLS: everything means what it means without.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Nginx.canSecure, "nginx or openssl is not installed"))
struct NginxTLSTests {
    private static func origin(_ delay: Duration = .seconds(2)) -> TargetConfiguration {
        var configuration = TargetConfiguration()
        configuration.delay = delay
        configuration.onDisconnect = .abort
        return configuration
    }

    private static let versions = ["--tls-max=1.2", "--tlsv1.3"]

    /// Sends one request through nginx and says what became of the work.
    private func work(
        _ configuration: TargetConfiguration = origin(), proxy: String = "", with arguments: [String]
    ) async throws -> RequestRecord.Work {
        let root = try await CertificateAuthority.shared.value.root
        return try await withFletchTarget(configuration) { target in
            try await Nginx.run("location / { proxy_pass \(target.url); \(proxy) }", as: .good) { url, _ in
                let outcome = try await Shell.run(
                    [Shell.fletch, "-4", "--cacert", root, "--receipt", "json", "-d", "work", url] + arguments)
                #expect(outcome.status == 0, "\(outcome.errors)")
                #expect(outcome.receipts.first?.milestone == "acknowledged")
                #expect(target.records().first?.work ?? .pending == .pending)
                _ = await target.waitForRecords { $0.contains { $0.work != .pending } }
            }
            return try #require(target.records().first).work
        }
    }

    @Test(arguments: versions) func workIsFinishedThoughNobodyWaits(version: String) async throws {
        #expect(try await work(with: [version]) == .done)
    }

    @Test(arguments: versions)
    func workOfAHandlerThatSendsItsHeadFirstIsFinished(version: String) async throws {
        var configuration = Self.origin()
        configuration.behavior = .headThenWork
        configuration.isChunked = true
        #expect(try await work(configuration, proxy: "proxy_buffering off;", with: [version]) == .done)
    }

    @Test(arguments: versions)
    func workBehindAHeadLargerThanTheWindowIsFinished(version: String) async throws {
        var configuration = Self.origin()
        configuration.headBytes = 15_000
        let proxy = "proxy_buffer_size 32k; proxy_buffers 8 32k; proxy_busy_buffers_size 64k;"
        #expect(try await work(configuration, proxy: proxy, with: [version]) == .done)
    }

    /// The library and the authorities are files, too, and the latter are read in the midst of a handshake.
    @Test(arguments: [14, 16, 20]) func volleyWaitsForItsOwnDescriptors(_ limit: Int) async throws {
        let directory = try await CertificateAuthority.shared.value.directory
        try await withFletchTarget(Self.origin(.milliseconds(20))) { target in
            _ = try await Nginx.run("location / { proxy_pass \(target.url); }", as: .good) { url, _ in
                let script = """
                    seq -f '\(url)/%g' 200 | ( ulimit -n \(limit)
                        exec "$0" volley -4 --capath '\(directory)' --until answered --summary json --retry 0 - )
                    """
                let outcome = try await Shell.run(["/bin/sh", "-c", script, Shell.fletch])
                #expect(outcome.output.contains("\"answered\":200"), "\(outcome.output)\(outcome.errors)")
            }
        }
    }

    /// Where nothing else holds any, there is nothing to wait for; and no certificate, file or library is to blame.
    @Test func descriptorsRunOut() async throws {
        let directory = try await CertificateAuthority.shared.value.directory
        try await withFletchTarget { target in
            _ = try await Nginx.run("location / { proxy_pass \(target.url); }", as: .good) { url, _ in
                var statuses: [Int32] = []
                for limit in 5...14 {
                    let script = "ulimit -n \(limit); exec \"$0\" -4 --foreground --capath '\(directory)' -f '\(url)'"
                    let outcome = try await Shell.run(["/bin/sh", "-c", script, Shell.fletch])
                    statuses.append(outcome.status)
                    #expect(outcome.status == 0 || outcome.errors.contains("descriptor"), "\(limit): \(outcome.errors)")
                }
                #expect(Set(statuses) == [0, 7], "\(statuses)")
            }
        }
    }

    @Test(arguments: ["close", "reset"])
    func leavingEarlyLosesTheWork(disposal: String) async throws {
        let root = try await CertificateAuthority.shared.value.root
        try await withFletchTarget(Self.origin(.seconds(30))) { target in
            let log = try await Nginx.run("location / { proxy_pass \(target.url); }", as: .good) { url, _ in
                let outcome = try await Shell.fletch(
                    "-4", "--cacert", root, "-d", "work", "--disposal", disposal, url)
                #expect(outcome.status == 0, "\(outcome.errors)")
            }
            #expect(log.contains("\" 499 "))
            #expect(target.records().allSatisfy { $0.work != .done })
        }
    }

    @Test(arguments: ["automatic", "close", "reset"])
    func largeBodyArrivesWhole(disposal: String) async throws {
        let body = String(repeating: "0123456789", count: 60_000)
        try await withFletchTarget { target in
            let directives = "location / { proxy_pass \(target.url); proxy_ignore_client_abort on; }"
            try await Nginx.run(directives, as: .good) { url, _ in
                let outcome = try await Shell.trustingFletch(
                    "--disposal", disposal, "--data-binary", "@-", url, input: body)
                #expect(outcome.status == 0, "\(outcome.errors)")
                let record = await target.waitForRecords(within: .seconds(100)) { $0.contains(where: \.isComplete) }
                    .first
                #expect(record?.bodyChecksum == RequestRecord.checksum(of: body.utf8))
            }
        }
    }

    @Test func bodyOfAFileArrivesWhole() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        let body = Data((0..<1_000_003).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 7) })
        try body.write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        try await withFletchTarget { target in
            let directives = "location / { proxy_pass \(target.url); }"
            try await Nginx.run(directives, as: .good) { url, _ in
                let outcome = try await Shell.trustingFletch("-f", "-T", file.path, url + "/put")
                #expect(outcome.status == 0, "\(outcome.errors)")
                let record = await target.waitForRecords(within: .seconds(100)) { $0.contains(where: \.isComplete) }
                    .first
                #expect(record?.bodyChecksum == RequestRecord.checksum(of: body))
            }
        }
    }

    @Test func secondRequestGoesOutOnTheSameConnection() async throws {
        try await Nginx.run("location / { return 200; }", as: .good) { url, _ in
            let outcome = try await Shell.trustingFletch("-f", "--receipt", "json", url + "/1", url + "/2")
            #expect(outcome.status == 0, "\(outcome.errors)")
            let receipts = outcome.receipts
            #expect(receipts.map(\.reused) == [false, true])
            #expect(receipts.map(\.status) == [200, 200])
        }
    }

    @Test(arguments: [
        ("$ssl_server_name", "localhost", "https://localhost"), ("$ssl_server_name", "", "https://127.0.0.1"),
        ("$ssl_alpn_protocol", "http/1.1", "https://localhost"), ("$ssl_protocol", "TLSv1.3", "https://localhost"),
        ("$http_host", "localhost:PORT", "https://localhost"),
        // The dot at the end belongs to neither a certificate's name nor SNI (RFC 6066 §3).
        ("$ssl_server_name", "localhost", "https://localhost."),
        ("$http_host", "localhost.:PORT", "https://localhost."),
    ])
    func serverSees(variable: String, value: String, host: String) async throws {
        // 204 where it sees just that; nginx's `if` cannot say anything else.
        let directives = "location / { if (\(variable) = \"VALUE\") { return 204; } return 200; }"
        let wanted = value.replacingOccurrences(of: "PORT", with: "$server_port")
        try await Nginx.run(directives.replacingOccurrences(of: "VALUE", with: wanted), as: .good) { url, _ in
            let outcome = try await Shell.trustingFletch(
                "-f", "--receipt", "json", "--resolve", "localhost.:\(url.split(separator: ":").last ?? ""):127.0.0.1",
                url.replacingOccurrences(of: "https://localhost", with: host))
            #expect(outcome.receipts.first?.status == 204, "\(outcome.errors)")
        }
    }

    @Test func momentsComeInTheirOrder() async throws {
        try await withFletchTarget { target in
            let directives = "location / { proxy_pass \(target.url); }"
            try await Nginx.run(directives, as: .good) { url, _ in
                let outcome = try await Shell.trustingFletch("-f", "-d", "x", "--receipt", "json", "-v", url)
                let receipt = try #require(outcome.receipts.first)
                let moments = try ["connected", "secured", "written", "answered"].map {
                    try #require(receipt.ms[$0], "\($0)")
                }
                #expect(moments == moments.sorted())
                #expect(moments[1] > moments[0])
                #expect(outcome.errors.contains("* secured"))
                #expect(outcome.errors.contains("TLSv1.3"))
            }
        }
    }

    @Test func clientShowsItsCertificate() async throws {
        let authority = try await CertificateAuthority.shared.value
        let verifying = "ssl_client_certificate \(authority.root); ssl_verify_client on; ssl_verify_depth 3;"
        try await Nginx.run(verifying + "location / { return 204; }", as: .good) { url, _ in
            let shown = ["--cert", authority.chain(.client), "--key", authority.key(.client)]
            for (arguments, status) in [(shown, 0), ([], 22)] {
                let outcome = try await Shell.run(
                    [Shell.fletch, "-4", "--cacert", authority.root, "-f", url] + arguments)
                #expect(Int(outcome.status) == status, "\(outcome.errors)")
            }
        }
    }

    @Test func clientCertificateThatCannotBeUsedIsSaidBeforeAnythingIsSent() async throws {
        let authority = try await CertificateAuthority.shared.value
        let chain = authority.chain(.client)
        for (certificate, key) in [
            ("/no/such/file", authority.key(.client)), (chain, "/no/such/file"), (chain, authority.key(.good)),
            (authority.key(.client), authority.key(.client)), (chain, chain),
        ] {
            let outcome = try await Shell.fletch(
                "-k", "--cert", certificate, "--key", key, "--receipt", "json", "https://127.0.0.1:1/")
            #expect(outcome.status == 58, "\(outcome.errors)")
            #expect(outcome.errors.contains("client-certificate-unusable (not-sent)"))
        }
    }

    @Test func versionsThatExcludeEachOtherAreAMistakeInTheCall() async throws {
        let outcome = try await Shell.fletch("--tlsv1.3", "--tls-max", "1.2", "https://127.0.0.1:1/")
        #expect(outcome.status == 2, "\(outcome.errors)")
        #expect(outcome.errors.contains("--tls-max 1.2"))
    }

    @Test func versionsThatDoNotMeetEndTheHandshake() async throws {
        for (directive, option) in [("TLSv1.2", "--tlsv1.3"), ("TLSv1.3", "--tls-max=1.2")] {
            try await Nginx.run("ssl_protocols \(directive); location / { return 204; }", as: .good) { url, _ in
                let refused = try await Shell.trustingFletch("--receipt", "json", option, url)
                #expect(refused.status == 35, "\(refused.errors)")
                #expect(refused.receipts.first?.code == "tls-handshake-failed")
                #expect(refused.receipts.first?.certainty == "not-sent")
                #expect(try await Shell.trustingFletch("-f", url).status == 0)
            }
        }
    }
}
