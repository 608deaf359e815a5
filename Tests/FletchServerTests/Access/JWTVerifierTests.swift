import Crypto
import FletchQueue
import Foundation
import JWTKit
import Testing

@testable import FletchServer

@Suite struct JWTVerifierTests {
    private static let now = TestAPI.now
    private static var seconds: Double { Double(now.milliseconds) / 1_000 }

    private static func encoded(_ text: some DataProtocol) -> String {
        Data(text).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// Signed by whatever makes bytes of bytes.
    private static func token(
        header: String, claims: String = #"{"sub":"a"}"#, _ sign: (Data) throws -> Data = { _ in Data() }
    ) rethrows -> String {
        let text = encoded(Data(header.utf8)) + "." + encoded(Data(claims.utf8))
        return text + "." + encoded(try sign(Data(text.utf8)))
    }

    @Test func tokenIsGoodForItsTimeAlone() async throws {
        let keys = try await TestKeys()
        func subject(_ expiresIn: Double?, _ validIn: Double? = nil, _ subject: String? = "a") async throws -> String? {
            let token = try await keys.token(subject: subject, expiresIn: expiresIn, validIn: validIn)
            return await keys.verifier.holder(of: token, at: Self.now)?.subject
        }
        #expect(try await subject(0.001) == "a")
        #expect(try await subject(0) == nil)
        #expect(try await subject(-1) == nil)
        #expect(try await subject(nil) == "a")
        #expect(try await subject(60, 0) == "a")
        #expect(try await subject(60, 0.5) == nil)
        #expect(try await subject(60, nil, nil) == nil)
        #expect(try await subject(60, nil, "") == nil)
        #expect(try await subject(60, nil, "a\nb") == nil)
    }

    /// Its signature is verified once.
    @Test func tokenThatIsKnownIsGoodForItsTimeAlone() async throws {
        let keys = try await TestKeys()
        let token = try await keys.token(subject: "a", expiresIn: 2, validIn: 1)
        for (seconds, subject) in [(1, "a"), (0, nil), (2, nil), (1, "a"), (-1, nil)] as [(Int64, String?)] {
            let now = Timestamp(milliseconds: Self.now.milliseconds + 1_000 * seconds)
            #expect(await keys.verifier.holder(of: token, at: now)?.subject == subject, "\(seconds)")
        }
        #expect(await keys.verifier.holder(of: token + "A", at: Self.now) == nil)
    }

    @Test func endIsKnownWhereThereIsOne() async throws {
        let keys = try await TestKeys()
        for (expiresIn, end) in [(nil, nil), (1.5, TestAPI.now.milliseconds + 1_500), (1e300, Int64.max)]
            as [(Double?, Int64?)]
        {
            let token = try await keys.token(subject: "a", expiresIn: expiresIn)
            let holder = try #require(await keys.verifier.holder(of: token, at: Self.now))
            #expect(holder.end?.milliseconds == end)
        }
    }

    @Test func tokenOfAnotherKeyOrAChangedOneIsNone() async throws {
        let keys = try await TestKeys()
        let token = try await keys.token(subject: "a")
        #expect(await (try TestKeys()).verifier.holder(of: token, at: Self.now)?.subject == nil)
        let parts = token.split(separator: ".")
        let forged = "\(parts[0]).\(Self.encoded(Data(#"{"sub":"b"}"#.utf8))).\(parts[2])"
        for token in [forged, "\(parts[0]).\(parts[1]).", "..", "a.b.c", "\(parts[0])..\(parts[2])", ""] {
            #expect(await keys.verifier.holder(of: token, at: Self.now)?.subject == nil)
        }
    }

    /// A public key is no secret: whoever could sign with it could be anybody.
    @Test func neitherNoneNorHMACWithThePublicKeyIsTaken() async throws {
        let key = try Insecure.RSA.PrivateKey(pem: RSAKey.privatePEM)
        let pem = key.publicKey.pemRepresentation
        let verifier = try await JWTVerifier(pem)
        for name in ["none", "None", "NONE", "", "RS256x"] {
            let token = try Self.token(header: #"{"alg":"\#(name)"}"#)
            #expect(await verifier.holder(of: token, at: Self.now)?.subject == nil)
        }
        for secret in [Data(pem.utf8), key.publicKey.derRepresentation] {
            let token = Self.token(header: #"{"alg":"HS256"}"#) { (text: Data) -> Data in
                Data(HMAC<SHA256>.authenticationCode(for: text, using: SymmetricKey(data: secret)))
            }
            #expect(await verifier.holder(of: token, at: Self.now)?.subject == nil)
        }
    }

    @Test(arguments: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"])
    func rsaKeyStandsForAllItsAlgorithms(_ name: String) async throws {
        let key = try Insecure.RSA.PrivateKey(pem: RSAKey.privatePEM)
        let digest: DigestAlgorithm = name.hasSuffix("256") ? .sha256 : name.hasSuffix("384") ? .sha384 : .sha512
        let signer = JWTKeyCollection()
        if name.hasPrefix("RS") {
            await signer.add(rsa: key, digestAlgorithm: digest)
        } else {
            await signer.add(pss: key, digestAlgorithm: digest)
        }
        let token = try await signer.sign(TestKeys.Claims(sub: "a"))
        let verifier = try await JWTVerifier(key.publicKey.pemRepresentation)
        #expect(await verifier.holder(of: token, at: Self.now)?.subject == "a")
        // What one algorithm has signed is not taken for another's.
        let parts = token.split(separator: ".")
        let other = name == "RS256" ? "PS256" : "RS256"
        let forged = "\(Self.encoded(Data(#"{"alg":"\#(other)"}"#.utf8))).\(parts[1]).\(parts[2])"
        #expect(await verifier.holder(of: forged, at: Self.now)?.subject == nil)
    }

    @Test func otherKindsOfKeysAreKnown() async throws {
        let (p384, p521, ed) = (ES384PrivateKey(), ES512PrivateKey(), try EdDSA.PrivateKey(curve: .ed25519))
        let signers = [
            (p384.publicKey.pemRepresentation, await JWTKeyCollection().add(ecdsa: p384)),
            (p521.publicKey.pemRepresentation, await JWTKeyCollection().add(ecdsa: p521)),
            (ed.publicKey.pemRepresentation, await JWTKeyCollection().add(eddsa: ed)),
        ]
        for (pem, signer) in signers {
            let token = try await signer.sign(TestKeys.Claims(sub: "a"))
            #expect(await (try JWTVerifier(pem)).holder(of: token, at: Self.now)?.subject == "a")
        }
    }

    @Test func setOfKeysIsSearchedByIDAndAlgorithm() async throws {
        let (one, other) = (ES256PrivateKey(), ES256PrivateKey())
        let coordinates = try [one, other].map { try #require($0.publicKey.parameters) }
        func jwk(_ parameters: ECDSAParameters, _ more: String) -> String {
            let (x, y) = (Data(base64Encoded: parameters.x), Data(base64Encoded: parameters.y))
            return
                #"{"kty":"EC","crv":"P-256","x":"\#(Self.encoded(x ?? Data()))","y":"\#(Self.encoded(y ?? Data()))"\#(more)}"#
        }
        let set = """
            {"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"hmac"},\(jwk(coordinates[0], #","kid":"one","use":"sig""#)),
            \(jwk(coordinates[1], #","kid":"other","alg":"ES256""#)),{"kty":"RSA","kid":"broken"}]}
            """
        let verifier = try await JWTVerifier(set)
        for (key, id, subject) in [
            (one, "one", "a"), (other, "other", "a"), (one, "other", nil), (one, nil, "a"), (one, "unknown", nil),
        ] as [(ES256PrivateKey, String?, String?)] {
            var header = JWTHeader()
            header.kid = id
            let token = try await JWTKeyCollection().add(ecdsa: key).sign(TestKeys.Claims(sub: "a"), header: header)
            #expect(await verifier.holder(of: token, at: Self.now)?.subject == subject, "\(id ?? "none")")
        }
    }

    @Test func rsaKeyOfASetWithoutAnAlgorithmServesAllInAnyOrder() async throws {
        let key = try Insecure.RSA.PrivateKey(pem: RSAKey.privatePEM)
        let verifier = try await JWTVerifier(#"{"keys":[{"kty":"RSA","n":"\#(RSAKey.modulus)","e":"AQAB"}]}"#)
        let (pkcs, pss) = (JWTKeyCollection(), JWTKeyCollection())
        await pkcs.add(rsa: key, digestAlgorithm: .sha512)
        await pss.add(pss: key, digestAlgorithm: .sha256)
        for signer in [pss, pkcs, pss, pkcs] {
            let token = try await signer.sign(TestKeys.Claims(sub: "a"))
            #expect(await verifier.holder(of: token, at: Self.now)?.subject == "a")
        }
    }

    @Test func algorithmThatAKeyOfASetNamesIsTheOnlyOne() async throws {
        let key = try Insecure.RSA.PrivateKey(pem: RSAKey.privatePEM)
        for (named, taken) in [
            ("RS256", [true, false, false]), ("RS512", [false, true, false]), ("PS256", [false, false, true]),
        ] {
            let verifier = try await JWTVerifier(
                #"{"keys":[{"kty":"RSA","alg":"\#(named)","n":"\#(RSAKey.modulus)","e":"AQAB"}]}"#)
            let signers = [JWTKeyCollection(), JWTKeyCollection(), JWTKeyCollection()]
            await signers[0].add(rsa: key, digestAlgorithm: .sha256)
            await signers[1].add(rsa: key, digestAlgorithm: .sha512)
            await signers[2].add(pss: key, digestAlgorithm: .sha256)
            for (signer, isTaken) in zip(signers, taken) {
                let token = try await signer.sign(TestKeys.Claims(sub: "a"))
                let subject = await verifier.holder(of: token, at: Self.now)?.subject
                #expect((subject == "a") == isTaken, "\(named)")
            }
        }
    }

    @Test func criticalExtensionIsNotUnderstood() async throws {
        let key = ES256PrivateKey()
        let verifier = try await JWTVerifier(key.publicKey.pemRepresentation)
        for (header, subject) in [
            (#"{"alg":"ES256"}"#, "a"), (#"{"alg":"ES256","crit":["exp"]}"#, nil), (#"{"typ":"JWT"}"#, nil),
        ] {
            let token = try Self.token(header: header) { text in
                let signing = try P256.Signing.PrivateKey(pemRepresentation: key.pemRepresentation)
                return try signing.signature(for: text).rawRepresentation
            }
            #expect(await verifier.holder(of: token, at: Self.now)?.subject == subject)
        }
    }

    @Test(arguments: [
        "", "key", "{}", #"{"keys":[]}"#, #"{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}"#, #"{"keys":{}}"#,
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
    ])
    func whatIsNoKeyIsRefused(_ text: String) async {
        await #expect(throws: JWTVerifier.Problem.self) { try await JWTVerifier(text) }
    }

    @Test func privateKeyIsRefusedWithTheRemedy() async {
        await #expect {
            try await JWTVerifier(RSAKey.privatePEM)
        } throws: { error in
            "\(error)".contains("private key")
        }
    }
}
