import Foundation
import Testing

/// Signatures, verified by what others have written.
@Suite(.timeLimit(.minutes(3)))
struct SignatureTests {
    private static let passphrase = "a passphrase to test with"
    private static let body = "{\"text\":\"höher\",\"n\":1}\n\u{0}\u{1F600}"

    /// What has been delivered of a job with that body.
    private static func delivered(
        _ environment: [String: String], tenant: Bool = true, body: String = body,
        _ prepare: (API) async throws -> Void = { _ in }
    ) async throws -> (request: OriginRequest, token: String) {
        try await withPlace { place in
            try await withOrigin { origin in
                var environment = environment
                if tenant { environment["PASSPHRASES"] = passphrase }
                return try await withDaemon(place, ["--allow-target", "127.0.0.0/8"], environment: environment) {
                    daemon in
                    let token = tenant ? try await daemon.api.token("somebody", passphrase: passphrase) : ""
                    let api = tenant ? daemon.api.with(token: token) : daemon.api
                    try await prepare(api)
                    try await api.enqueue(Draft(body: body), at: origin.url("/"))
                    let requests = try await origin.wait(for: 1, at: "/")
                    return (requests[0], token)
                }
            }
        }
    }

    /// - Returns: Time and digest of `v=…,d=…`.
    private static func parts(_ request: OriginRequest) throws -> (time: String, digest: String) {
        let signature = try #require(request.value(of: "x-quirrel-signature"))
        let match = try #require(signature.wholeMatch(of: /v=(\d+),d=(.*)/))
        let age = Date().timeIntervalSince1970 * 1_000 - (Double(match.1) ?? 0)
        #expect(abs(age) < 300_000)
        return (String(match.1), String(match.2))
    }

    @Test func symmetricSignatureIsWhatOpenSSLComputes() async throws {
        let (request, token) = try await Self.delivered([:])
        let (time, digest) = try Self.parts(request)
        try await withPlace { place in
            try place.write(Self.body + time, to: "signed")
            let program = try Program([
                "/usr/bin/env", "openssl", "dgst", "-sha256", "-hmac", token, "-r", place.path("signed"),
            ])
            try #require(try await program.end() == 0)
            #expect(program.printed.value.hasPrefix(digest + " "))
            #expect(digest.count == 64)
        }
        #expect(request.value(of: "webhook-signature") == nil)
    }

    @Test func asymmetricSignatureIsWhatOpenSSLVerifies() async throws {
        try await withPlace { place in
            let (key, publicKey) = (place.path("key.pem"), place.path("public.pem"))
            for command in [["genrsa", "-out", key, "2048"], ["rsa", "-in", key, "-pubout", "-out", publicKey]] {
                try #require(try await Program(["/usr/bin/env", "openssl"] + command).end() == 0)
            }
            // In a file, in the variable, and as .env files have it.
            let pem = try String(contentsOfFile: key, encoding: .utf8)
            for value in [key, pem, pem.replacingOccurrences(of: "\n", with: "\\n")] {
                for tenant in [true, false] {
                    let (request, _) = try await Self.delivered(["WEBHOOK_SIGNING_PRIVATE_KEY": value], tenant: tenant)
                    let (time, digest) = try Self.parts(request)
                    try place.write(Self.body + time, to: "signed")
                    try #require(Data(base64Encoded: digest)).write(to: URL(fileURLWithPath: place.path("signature")))
                    let program = try Program([
                        "/usr/bin/env", "openssl", "dgst", "-sha256", "-verify", publicKey, "-signature",
                        place.path("signature"), place.path("signed"),
                    ])
                    #expect(try await program.end() == 0, "\(program.printed.value)")
                }
            }
        }
    }

    private static let verify = """
        import sys, json
        from standardwebhooks.webhooks import Webhook, WebhookVerificationError
        secret, body, id, timestamp, signature = sys.argv[1:6]
        try:
            headers = {"webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature}
            Webhook(secret).verify(body, headers)
            print("good")
        except WebhookVerificationError as error:
            print("bad", error)
        except json.JSONDecodeError:
            # It has been verified by then, and is to be read as JSON.
            print("good")
        """

    private static func verdict(_ secret: String, _ request: OriginRequest, body: String) async throws -> String {
        let fields = try ["webhook-id", "webhook-timestamp", "webhook-signature"].map {
            try #require(request.value(of: $0))
        }
        #expect(!fields[0].contains("."))
        return try await Python.run(verify, [secret, body] + fields)
    }

    @Test func bothSecretsOfATenantVerifyAsStandardWebhooks() async throws {
        try await withPlace { place in
            try await withOrigin { origin in
                let environment = ["PASSPHRASES": Self.passphrase]
                try await withDaemon(place, ["--allow-target", "127.0.0.1"], environment: environment) { daemon in
                    let token = try await daemon.api.token("somebody", passphrase: Self.passphrase)
                    let api = daemon.api.with(token: token)
                    let secrets = try await [Self.rotated(api), Self.rotated(api), Self.rotated(api)]
                    try await api.enqueue(Draft(body: "{\"a\":\"é\"}"), at: origin.url("/"))
                    let request = try #require(try await origin.wait(for: 1, at: "/").first)
                    #expect(request.value(of: "webhook-id") == request.value(of: "idempotency-key"))
                    let verdicts = [
                        try await Self.verdict(secrets[0], request, body: request.body),
                        try await Self.verdict(secrets[1], request, body: request.body),
                        try await Self.verdict(secrets[2], request, body: request.body),
                        try await Self.verdict(secrets[2], request, body: request.body + " "),
                    ].map { $0.prefix(3) }
                    #expect(verdicts == ["bad", "goo", "goo", "bad"])
                }
            }
        }
    }

    private static func rotated(_ api: API) async throws -> String {
        let answer = try await api.ask("POST", "/signing-secret/rotate")
        try #require(answer.status == 201)
        struct Rotated: Decodable { let secret: String }
        return try JSONDecoder().decode(Rotated.self, from: Data(answer.body.utf8)).secret
    }

    @Test func operatorsSecretsSignWithoutTenants() async throws {
        let secrets = (1...2).map { "whsec_" + Data(repeating: $0, count: 32).base64EncodedString() }
        let (request, _) = try await Self.delivered(
            ["WEBHOOK_SECRET": secrets.joined(separator: " ")], tenant: false, body: "{\"a\":\"é\"}")
        for secret in secrets {
            let verdict = try await Self.verdict(secret, request, body: request.body)
            #expect(verdict.hasPrefix("good"), "\(verdict)")
        }
        let verdict = try await Self.verdict(secrets[0], request, body: request.body + " ")
        #expect(verdict.hasPrefix("bad"), "\(verdict)")
        #expect(request.value(of: "x-quirrel-signature") == nil)
    }

    @Test func withoutAnythingToSignWithNothingIsSigned() async throws {
        let (request, _) = try await Self.delivered([:], tenant: false)
        for name in ["x-quirrel-signature", "webhook-id", "webhook-timestamp", "webhook-signature"] {
            #expect(request.value(of: name) == nil)
        }
    }

    @Test func signaturesGoNoFurtherThanTheirOrigin() async throws {
        try await withPlace { place in
            try await withOrigin { other in
                let target = other.url("/2")
                try await withOrigin({ request in
                    switch request.path {
                    case "/0": .redirect(307, to: "/1")
                    case "/1": .redirect(307, to: target)
                    default: .ok
                    }
                }) { origin in
                    let environment = ["PASSPHRASES": Self.passphrase]
                    try await withDaemon(place, ["--allow-target", "127.0.0.1"], environment: environment) { daemon in
                        let api = daemon.api.with(
                            token: try await daemon.api.token("somebody", passphrase: Self.passphrase))
                        _ = try await Self.rotated(api)
                        try await api.enqueue(Draft(body: "a"), at: origin.url("/0"))
                        let last = try #require(try await other.wait(for: 1, at: "/2").first)
                        for request in origin.records.value.requests {
                            #expect(request.value(of: "x-quirrel-signature") != nil)
                            #expect(request.value(of: "webhook-signature") != nil)
                        }
                        for name in ["x-quirrel-signature", "webhook-id", "webhook-timestamp", "webhook-signature"] {
                            #expect(last.value(of: name) == nil)
                        }
                        #expect(last.value(of: "idempotency-key") != nil)
                    }
                }
            }
        }
    }
}
