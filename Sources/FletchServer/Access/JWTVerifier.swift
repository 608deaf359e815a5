internal import Fletch
internal import FletchQueue
import Foundation
import JWTKit

/// Verifies JWTs (RFC 7519) that somebody else has issued, by public keys.
///
/// Which algorithms are allowed follows from the keys: an RSA key stands for RS and PS 256 to 512, one of an elliptic curve
/// for the one of its curve. Never `none`, never HMAC, whatever a token says of itself.
package struct JWTVerifier: Sendable {
    /// Why a text is no key.
    package struct Problem: Error, CustomStringConvertible {
        package let description: String
    }

    /// A key for one algorithm: a collection of jwt-kit's takes whichever of its keys fits, or the one that is its default.
    private struct Key: Sendable {
        /// nil where any token may be meant for it.
        let id: String?
        let algorithm: String
        let collection: JWTKeyCollection
    }

    private struct Header: Decodable {
        let alg: String
        let kid: String?
        /// What has to be understood by who verifies (RFC 7515 §4.1.11): nothing is here.
        let crit: [String]?
    }

    private struct Claims: JWTPayload {
        let sub: String?
        let exp: Double?
        let nbf: Double?

        /// Rounded down, to the millisecond.
        var end: Timestamp? { exp.map { Timestamp(milliseconds: Int64(clamping: $0 * 1_000, rounded: .down)) } }

        /// Times are looked at by the queue's clock.
        func verify(using algorithm: some JWTAlgorithm) {}
    }

    private static let maximumVerifiedCount = 10_000

    private let keys: [Key]
    /// What tokens say that were verified lately: a signature takes more than all else of a request.
    private let verified = Lock<[TokenDigest: Claims]>([:])

    /// - Parameter text: A public key or a certificate in PEM, or a set of keys (JWKS, RFC 7517), of which those are used that
    ///   signatures are made with.
    package init(_ text: String) async throws(Problem) {
        let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
        keys = text.hasPrefix("{") ? try await Self.keys(ofSet: text) : try await Self.keys(ofPEM: text)
    }

    /// - Returns: Whom the token names (`sub`), and until when (`exp`; nil for ever); nil where it is not valid, not yet, or no
    ///   more (leeway 0).
    func holder(of token: String, at now: Timestamp) async -> (subject: String, end: Timestamp?)? {
        guard let claims = await claims(of: token) else { return nil }
        return Self.subject(of: claims, at: Double(now.milliseconds) / 1_000).map { ($0, claims.end) }
    }

    /// What a token says that one of the keys has signed, whenever it counts.
    private func claims(of token: String) async -> Claims? {
        let digest = TokenDigest(of: token)
        if let known = verified.withLock({ $0[digest] }) { return known }
        guard let header = Self.header(of: token), header.crit == nil else { return nil }
        for key in keys
        where key.algorithm == header.alg && (key.id == nil || header.kid == nil || key.id == header.kid) {
            guard let claims = try? await key.collection.verify(token, as: Claims.self) else { continue }
            verified.withLock { verified in
                if verified.count >= Self.maximumVerifiedCount { verified = [:] }
                verified[digest] = claims
            }
            return claims
        }
        return nil
    }

    private static func subject(of claims: Claims, at now: Double) -> String? {
        if let end = claims.exp, !(now < end) { return nil }
        if let start = claims.nbf, !(now >= start) { return nil }
        return claims.sub.flatMap { TenantID.isValid($0) ? $0 : nil }
    }

    private static func header(of token: String) -> Header? {
        let encoded = token.prefix { $0 != "." }.replacing("-", with: "+").replacing("_", with: "/")
        let padding = String(repeating: "=", count: (4 - encoded.utf8.count % 4) % 4)
        return Data(base64Encoded: encoded + padding).flatMap { try? JSONDecoder().decode(Header.self, from: $0) }
    }
}

// MARK: - PEM

extension JWTVerifier {
    private static func keys(ofPEM text: String) async throws(Problem) -> [Key] {
        if text.contains("PRIVATE KEY-----") {
            throw Problem(description: "it is a private key: give the public one, and keep that secret")
        }
        let isCertificate = text.contains("-----BEGIN CERTIFICATE-----")
        if let key = try? isCertificate
            ? Insecure.RSA.PublicKey(certificatePEM: text) : Insecure.RSA.PublicKey(pem: text)
        {
            return await keys(key)
        }
        if let key = try? isCertificate ? ES256PublicKey(certificate: text) : ES256PublicKey(pem: text) {
            return [Key(id: nil, algorithm: "ES256", collection: await JWTKeyCollection().add(ecdsa: key))]
        }
        if let key = try? isCertificate ? ES384PublicKey(certificate: text) : ES384PublicKey(pem: text) {
            return [Key(id: nil, algorithm: "ES384", collection: await JWTKeyCollection().add(ecdsa: key))]
        }
        if let key = try? isCertificate ? ES512PublicKey(certificate: text) : ES512PublicKey(pem: text) {
            return [Key(id: nil, algorithm: "ES512", collection: await JWTKeyCollection().add(ecdsa: key))]
        }
        if !isCertificate, let key = try? EdDSA.PublicKey(pem: text) {
            return [Key(id: nil, algorithm: "EdDSA", collection: await JWTKeyCollection().add(eddsa: key))]
        }
        throw Problem(
            description: "it is no public key: PEM of RSA, of P-256, P-384 or P-521, or of Ed25519, or a JWKS")
    }

    private static func keys(_ key: Insecure.RSA.PublicKey) async -> [Key] {
        var keys: [Key] = []
        for (bits, digest) in [("256", DigestAlgorithm.sha256), ("384", .sha384), ("512", .sha512)] {
            let (pkcs, pss) = (JWTKeyCollection(), JWTKeyCollection())
            keys.append(
                Key(id: nil, algorithm: "RS" + bits, collection: await pkcs.add(rsa: key, digestAlgorithm: digest)))
            keys.append(
                Key(id: nil, algorithm: "PS" + bits, collection: await pss.add(pss: key, digestAlgorithm: digest)))
        }
        return keys
    }
}

// MARK: - JWKS

extension JWTVerifier {
    private static func keys(ofSet text: String) async throws(Problem) -> [Key] {
        let set = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        guard let members = set?["keys"] as? [[String: Any]] else {
            throw Problem(description: "it is no JWKS: an object with an array of keys is wanted")
        }
        var keys: [Key] = []
        for member in members where member["use"] as? String ?? "sig" == "sig" { keys += await Self.keys(of: member) }
        guard !keys.isEmpty else {
            throw Problem(description: "none of its keys is for RSA, P-256, P-384, P-521 or Ed25519 signatures")
        }
        return keys
    }

    private static func keys(of member: [String: Any]) async -> [Key] {
        guard let json = try? JSONSerialization.data(withJSONObject: member),
            var key = try? JSONDecoder().decode(JWK.self, from: json)
        else { return [] }
        // A public key is enough, and stays one.
        (key.privateExponent, key.prime1, key.prime2) = (nil, nil, nil)
        let id = key.keyIdentifier?.string
        let named = key.algorithm
        key.keyIdentifier = JWKIdentifier(string: id ?? "")
        var keys: [Key] = []
        for algorithm in algorithms(of: key) where named == nil || named == algorithm {
            key.algorithm = algorithm
            guard let collection = try? await JWTKeyCollection().add(jwk: key, isDefault: true) else { continue }
            keys.append(Key(id: id, algorithm: algorithm.rawValue, collection: collection))
        }
        return keys
    }

    private static func algorithms(of key: JWK) -> [JWK.Algorithm] {
        switch (key.keyType, key.curve?.rawValue) {
        case (.rsa, _): [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512]
        case (.ecdsa, "P-256"): [.es256]
        case (.ecdsa, "P-384"): [.es384]
        case (.ecdsa, "P-521"): [.es512]
        case (.octetKeyPair, "Ed25519"): [.eddsa]
        default: []
        }
    }
}
