import Crypto
import CryptoExtras
internal import FletchQueue
import Foundation

/// The RSA key that all deliveries are signed with, where there is one.
package struct AsymmetricKey: Sendable {
    private let key: _RSA.Signing.PrivateKey

    /// - Parameter pem: A private key in PKCS#1 or PKCS#8, not encrypted.
    /// - Returns: nil for anything else.
    package init?(pem: String) {
        guard let key = try? _RSA.Signing.PrivateKey(pemRepresentation: pem) else { return nil }
        self.key = key
    }

    /// `v=…,d=…`, the RSA-SHA256 signature (PKCS#1 v1.5) of the body with the time behind it, in base64 (secure-webhooks).
    /// Takes about a millisecond.
    func quirrelSignature(of body: Payload, at now: Timestamp) throws -> String {
        let time = String(now.milliseconds)
        var hash = SHA256()
        hash.update(body)
        hash.update(time)
        let signature = try key.signature(for: hash.finalize(), padding: .insecurePKCS1v1_5)
        return "v=\(time),d=\(signature.rawRepresentation.base64EncodedString())"
    }
}
