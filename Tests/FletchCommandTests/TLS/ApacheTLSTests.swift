import FletchTarget
import Foundation
import Testing

/// Against Apache's `mod_ssl`.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Apache.canSecure, "apache2 or openssl is not installed"))
struct ApacheTLSTests {
    @Test(arguments: ["-all +TLSv1.2", "-all +TLSv1.3"])
    func requestsAreAnsweredOnOneConnectionAndTheNextRunResumes(protocols: String) async throws {
        let log = try await Apache.run("SSLProtocol \(protocols)\n") { url, _ in
            try await SessionCacheFolder.run { cache in
                for run in 1...2 {
                    let outcome = try await Shell.trustingFletch(
                        "-f", "-v", "--receipt", "json", url + "/page", url + "/page", url + "/none",
                        environment: cache.environment)
                    #expect(outcome.status == 22, "\(outcome.errors)")
                    #expect(outcome.receipts.map(\.status) == [200, 200, 404])
                    #expect(outcome.receipts.map(\.reused) == [false, true, true])
                    #expect(outcome.errors.contains(", resumed") == (run == 2), "\(outcome.errors)")
                }
            }
        }
        let version = protocols.hasSuffix("2") ? "TLSv1.2" : "TLSv1.3"
        #expect(log.split(separator: "\n").first == "200 \(version) GET /page HTTP/1.1")
        #expect(log.split(separator: "\n").count == 6)
    }

    @Test func largeBodyIsTaken() async throws {
        let body = String(repeating: "0123456789", count: 100_000)
        let log = try await Apache.run("") { url, _ in
            let outcome = try await Shell.trustingFletch(
                "-f", "--receipt", "json", "--data-binary", "@-", url + "/page", input: body)
            #expect(outcome.receipts.first?.status == 200, "\(outcome.errors)")
        }
        #expect(log.hasPrefix("200 "))
    }

    @Test func renegotiationForAClientCertificateIsNotGoneAlongWith() async throws {
        let authority = try await CertificateAuthority.shared.value
        let directives = """
            SSLProtocol -all +TLSv1.2
            SSLCACertificateFile \(authority.root)
            <Location /page>
            SSLVerifyClient require
            SSLVerifyDepth 3
            </Location>

            """
        try await Apache.run(directives) { url, _ in
            let outcome = try await Shell.trustingFletch(
                "-f", "--foreground", "-m", "60", "--receipt", "json", "--cert", authority.chain(.client), "--key",
                authority.key(.client), url + "/page")
            // It ends, with an answer that refuses or with none.
            #expect([22, 52, 56].contains(outcome.status), "\(outcome.errors)")
            #expect(outcome.receipts.first?.certainty ?? "unknown" == "unknown")
        }
    }

    @Test func certificateThatIsAskedForAfterTheHandshakeIsNotShown() async throws {
        let authority = try await CertificateAuthority.shared.value
        let directives = """
            SSLProtocol -all +TLSv1.3
            SSLCACertificateFile \(authority.root)
            <Location /page>
            SSLVerifyClient require
            </Location>

            """
        try await Apache.run(directives) { url, _ in
            let outcome = try await Shell.trustingFletch(
                "-f", "--foreground", "-m", "60", "--receipt", "json", "--cert", authority.chain(.client), "--key",
                authority.key(.client), url + "/page")
            #expect(outcome.status == 22, "\(outcome.errors)")
            #expect(outcome.receipts.first?.status == 403)
        }
    }

    @Test func clientShowsItsCertificateInTheHandshake() async throws {
        let authority = try await CertificateAuthority.shared.value
        for version in ["2", "3"] {
            let directives = """
                SSLProtocol -all +TLSv1.\(version)
                SSLCACertificateFile \(authority.root)
                SSLVerifyClient require
                SSLVerifyDepth 3

                """
            try await Apache.run(directives) { url, _ in
                let outcome = try await Shell.trustingFletch(
                    "-f", "--cert", authority.chain(.client), "--key", authority.key(.client), url + "/page")
                #expect(outcome.status == 0, "\(outcome.errors)")
            }
        }
    }
}
