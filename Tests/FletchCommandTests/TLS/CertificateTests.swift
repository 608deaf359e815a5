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
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Shell.Outcome {
        var outcome: Shell.Outcome?
        try await PythonServer.run(Self.answering, as: certificate) { server in
            let given =
                arguments + [
                    "-f", "--receipt", "json", "--resolve", "\(host):\(server.port):127.0.0.1",
                    "https://\(host):\(server.port)/x",
                ]
            let ended = try await Shell.run([Shell.fletch] + given)
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

    @Test func authorityFileThatIsNotOneIsSaidBeforeAnythingIsSent() async throws {
        let key = try await CertificateAuthority.shared.value.key(.good)
        for file in ["/no/such/file", "/etc/hostname", key] {
            let outcome = try await Shell.fletch("--cacert", file, "--receipt", "json", "https://127.0.0.1:1/")
            #expect(outcome.status == 77, "\(outcome.errors)")
            #expect(outcome.errors.contains("ca-file-unusable (not-sent)"))
            #expect(outcome.errors.contains(file))
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
