import Foundation
import Testing

/// Which certificates are taken, and what is said of those that are not.
@Suite(.timeLimit(.minutes(2)), .enabled(if: PythonServer.canSecure, "openssl or python3 is not installed"))
struct CertificateTests {
    /// Answers one request, and says so.
    private static let answering = """
        peer = secured(plain)
        say(head(peer).split("\\r\\n")[0])
        peer.sendall(b"HTTP/1.1 204 No Content\\r\\n\\r\\n")
        departure(peer)
        """

    /// Runs the command against a server that shows that certificate, at `localhost` if nothing else is said.
    private func run(
        _ certificate: Certificate, _ arguments: [String], host: String = "localhost",
        environment: [String: String] = [:], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Shell.Outcome {
        var outcome: Shell.Outcome?
        try await PythonServer.run(Self.answering, as: certificate) { server in
            let given =
                arguments + [
                    "-f", "--receipt", "json", "--resolve", "\(host):\(server.port):127.0.0.1",
                    "https://\(host):\(server.port)/x",
                ]
            let ended = try await Shell.run([Shell.fletch] + given, environment: environment)
            let said = try await server.nextLine()
            // The server sees a request exactly where none of its bytes were certainly kept back.
            #expect((said == "GET /x HTTP/1.1") == (ended.status == 0), "\(said)", sourceLocation: sourceLocation)
            outcome = ended
        }
        return try #require(outcome)
    }

    private func trusting(_ arguments: String...) async throws -> [String] {
        ["--cacert", try await CertificateAuthority.shared.value.root] + arguments
    }

    private static let bad: [(Certificate, host: String, check: String)] = [
        (.expired, "localhost", "expired"),
        (.notYetValid, "localhost", "not yet valid"),
        (.wrongName, "localhost", "name"),
        (.wildcard, "x.b.a.test", "name"),
        (.wildcard, "a.test", "name"),
        (.commonName, "localhost", "name"),
        (.wildcard, "a.test.", "name"),
        (.addressAsName, "127.0.0.1", "address"),
        (.unknownIssuer, "localhost", "issuer"),
        (.selfSigned, "localhost", "self-signed"),
        (.intermediateMissing, "localhost", "issuer"),
        (.wrongUsage, "localhost", "purpose"),
    ]

    @Test(arguments: bad)
    func badCertificateIsRefusedByNameAndCheck(certificate: Certificate, host: String, check: String) async throws {
        let outcome = try await run(certificate, try await trusting(), host: host)
        #expect(outcome.status == 60, "\(outcome.errors)")
        let receipt = try #require(outcome.receipts.first)
        #expect(receipt.code == "certificate-rejected")
        #expect(receipt.certainty == "not-sent")
        #expect(receipt.milestone == "queued")
        #expect(receipt.bytes_sent == 0)
        #expect(receipt.error?.contains(check) == true, "\(receipt)")
        #expect(receipt.error?.contains(host) == true, "\(receipt)")
    }

    @Test(arguments: bad)
    func badCertificateIsTakenWhereNothingIsVerified(
        certificate: Certificate, host: String, check: String
    ) async throws {
        let outcome = try await run(certificate, ["-k"], host: host)
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test(arguments: [
        (Certificate.good, "localhost"), (.good, "127.0.0.1"), (.good, "LOCALHOST"), (.good, "localhost."),
        (.rsa, "localhost"), (.wildcard, "x.a.test"), (.wildcard, "x.a.test."),
    ])
    func goodCertificateIsTaken(certificate: Certificate, host: String) async throws {
        let outcome = try await run(certificate, try await trusting(), host: host)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.receipts.first?.milestone == "answered")
    }

    @Test func systemDoesNotTrustAnAuthorityOfOurOwn() async throws {
        let outcome = try await run(.good, [])
        #expect(outcome.status == 60, "\(outcome.errors)")
        #expect(outcome.errors.contains("name its authority"))
    }

    @Test func authorityIsFoundInAHashedFolder() async throws {
        let folder = try await CertificateAuthority.shared.value.directory
        #expect(try await run(.good, ["--capath", folder]).status == 0)
        #expect(try await run(.unknownIssuer, ["--capath", folder]).status == 60)
    }

    @Test func authoritiesAreThoseThatTheEnvironmentNames() async throws {
        let authority = try await CertificateAuthority.shared.value
        let (hashed, stranger) = (authority.directory, authority.chain(.selfSigned))
        for (file, directory, status) in [
            (authority.root, nil, 0), (stranger, nil, 60), (nil, hashed, 0), (nil, "/no/such:/folder:\(hashed)", 0),
            (nil, "\(hashed):/tmp", 0), (stranger, hashed, 0), (authority.root, "/no/such", 0),
            (stranger, "/no/such", 60),
        ] {
            var environment: [String: String] = [:]
            environment["SSL_CERT_FILE"] = file
            environment["SSL_CERT_DIR"] = directory
            let outcome = try await run(.good, [], environment: environment)
            #expect(Int(outcome.status) == status, "\(environment) \(outcome.errors)")
        }
    }

    @Test(.enabled(if: Namespace.isAvailable, "a namespace takes root"))
    func folderWithoutAuthoritiesIsNotMadeUpForByTheSystems() async throws {
        let root = try await CertificateAuthority.shared.value.root
        try await PythonServer.run(Self.answering) { server in
            // The system's file, and no folder, holds the tests' authority here alone.
            let line = """
                mkdir "$0" && mount -t tmpfs none "$0" && cp "$1" "$0/cert.pem" && mkdir "$0/empty" || exit 99
                mount --bind "$0" "$(openssl version -d | cut -d'"' -f2)" || exit 99
                "$2" -f "$3"; echo $?
                SSL_CERT_DIR=/no/such "$2" -f "$3"; echo $?
                SSL_CERT_DIR="$0/empty" "$2" -f "$3"; echo $?
                """
            let folder = SessionCacheFolder()
            defer { try? FileManager.default.removeItem(at: folder.url) }
            let outcome = try await Shell.run([
                "/usr/bin/unshare", "-m", "/bin/sh", "-c", line, folder.url.path, root, Shell.fletch, server.url,
            ])
            #expect(outcome.output == "0\n60\n60\n", "\(outcome.errors)")
        }
    }

    /// By relative paths: the background process has another working directory.
    @Test(arguments: ["SSL_CERT_FILE=root.pem", "SSL_CERT_DIR=.:/nowhere"])
    func authoritiesOfTheEnvironmentAreTheCallers(_ variable: String) async throws {
        let root = try await CertificateAuthority.shared.value.root
        let folder = SessionCacheFolder()
        defer { try? FileManager.default.removeItem(at: folder.url) }
        try FileManager.default.createDirectory(at: folder.url, withIntermediateDirectories: true)
        _ = try await Nginx.run("location / { return 204; }", as: .good) { url, _ in
            let outcome = try await Shell.line(
                "cd '\(folder.url.path)' && cp '\(root)' root.pem && openssl rehash . && \(variable) fletch -f '\(url)'"
            )
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
    }

    @Test func fileInAMessageHasTheNameThatItWasGiven() async throws {
        let outcome = try await Shell.line(
            "echo bad > bad.pem; exec 7< bad.pem; rm bad.pem; fletch --cacert /dev/fd/7 https://127.0.0.1:1/")
        #expect(outcome.status == 77)
        #expect(outcome.errors.contains("/dev/fd/7"), "\(outcome.errors)")
    }

    @Test func authorityFileThatIsNotOneIsSaidBeforeAnythingIsSent() async throws {
        let key = try await CertificateAuthority.shared.value.key(.good)
        for file in ["/no/such/file", "/etc/hostname", key] {
            let outcome = try await Shell.fletch("--cacert", file, "--receipt", "json", "https://127.0.0.1:1/")
            #expect(outcome.status == 77, "\(outcome.errors)")
            #expect(outcome.errors.contains("ca-file-unusable (not-sent)"))
            #expect(outcome.errors.contains(file))
            #expect(outcome.errors.contains("No such file") == file.hasPrefix("/no"), "\(outcome.errors)")
        }
    }

    @Test func pinnedKeyIsEnoughAndAnyOtherIsNot() async throws {
        let authority = try await CertificateAuthority.shared.value
        let (right, wrong) = (try await authority.pin(.good), try await authority.pin(.rsa))
        #expect(try await run(.good, try await trusting("--pinnedpubkey", right)).status == 0)
        #expect(try await run(.good, try await trusting("--pinnedpubkey", "\(wrong);\(right)")).status == 0)
        // Without verification the pin still holds, as in curl.
        #expect(try await run(.selfSigned, ["-k", "--pinnedpubkey", try await authority.pin(.selfSigned)]).status == 0)
        for arguments in [try await trusting("--pinnedpubkey", wrong), ["-k", "--pinnedpubkey", wrong]] {
            let refused = try await run(.good, arguments)
            #expect(refused.status == 90, "\(refused.errors)")
            #expect(refused.errors.contains("pinned-key-mismatch (not-sent)"))
        }
        // A pin does not stand in for the authority.
        #expect(try await run(.good, ["--pinnedpubkey", right]).status == 60)
    }
}
