import Foundation
import Testing

/// JWTs that openssl has signed.
@Suite(.timeLimit(.minutes(3)))
struct JWTTests {
    private static let passphrase = "a passphrase to test with"

    private static func encoded(_ data: Data) -> String {
        data.base64EncodedString().replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
            .replacingOccurrences(of: "=", with: "")
    }

    /// A token for RS512, as the contract's test has it.
    private static func token(_ place: Place, _ claims: String) async throws -> String {
        let text = encoded(Data(#"{"alg":"RS512","typ":"JWT"}"#.utf8)) + "." + encoded(Data(claims.utf8))
        try place.write(text, to: "signed")
        let program = try Program([
            "/usr/bin/env", "openssl", "dgst", "-sha512", "-sign", place.path("key.pem"), "-out",
            place.path("signature"),
            place.path("signed"),
        ])
        try #require(try await program.end() == 0, "\(program.said.value)")
        let signature = try #require(FileManager.default.contents(atPath: place.path("signature")))
        return text + "." + encoded(signature)
    }

    /// As RSA keys and as certificates are given.
    @Test func keyOfACertificateVerifiesATokenWhoseEndEndsItsSocket() async throws {
        try await withPlace { place in
            let program = try Program([
                "/usr/bin/env", "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj",
                "/CN=issuer",
                "-keyout", place.path("key.pem"), "-out", place.path("issuer.pem"),
            ])
            try #require(try await program.end() == 0, "\(program.said.value)")
            try await withDaemon(place, environment: ["JWT_PUBLIC_KEY": place.path("issuer.pem")]) { daemon in
                let end = Date().timeIntervalSince1970 + 3
                let token = try await Self.token(place, #"{"sub":"somebody","exp":\#(end)}"#)
                try await withReader(daemon, .init(fields: ["Authorization": "Bearer \(token)"])) { reader in
                    #expect(reader.greeting.hasPrefix("open"))
                    let close = try await reader.end()
                    #expect(close == "1008 the token has expired")
                }
                #expect(Date().timeIntervalSince1970 >= end)
                let status = try await daemon.api.with(token: token).ask("GET", "/queues").status
                #expect(status == 401)
            }
        }
    }

    @Test(arguments: [true, false]) func tokensOfAnotherIssuerAndOwnOnesAreTaken(_ hasPassphrases: Bool) async throws {
        try await withPlace { place in
            let (key, publicKey) = (place.path("key.pem"), place.path("public.pem"))
            for command in [["genrsa", "-out", key, "2048"], ["rsa", "-in", key, "-pubout", "-out", publicKey]] {
                try #require(try await Program(["/usr/bin/env", "openssl"] + command).end() == 0)
            }
            let now = Int(Date().timeIntervalSince1970)
            let good = try await Self.token(place, #"{"sub":"somebody","exp":\#(now + 600),"nbf":\#(now - 600)}"#)
            let bad = [
                try await Self.token(place, #"{"sub":"somebody","exp":\#(now - 1)}"#),
                try await Self.token(place, #"{"sub":"somebody","nbf":\#(now + 600)}"#),
                try await Self.token(place, #"{"exp":\#(now + 600)}"#),
                try await Self.token(place, #"{"sub":42,"exp":\#(now + 600)}"#),
            ]
            var environment = ["JWT_PUBLIC_KEY": publicKey]
            if hasPassphrases { environment["PASSPHRASES"] = Self.passphrase }
            try await withDaemon(place, environment: environment) { daemon in
                let api = daemon.api.with(token: good)
                try await api.enqueue(Draft(id: "a", delay: 100_000), at: "https://example.com/")
                for token in bad {
                    let status = try await daemon.api.with(token: token).ask("GET", "/queues").status
                    #expect(status == 401)
                }
                #expect(try await daemon.api.ask("GET", "/queues").status == 401)
                guard hasPassphrases else { return }
                // The tenant's own token, beside the JWT.
                let token = try await daemon.api.token("somebody", passphrase: Self.passphrase)
                let job = try await daemon.api.with(token: token).job("a", at: "https://example.com/")
                #expect(job?.id == "a")
            }
        }
    }
}
