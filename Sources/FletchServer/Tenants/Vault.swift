import Crypto
package import FletchQueue
import Foundation

/// Seals what tenants' secrets are stored as (AES-256-GCM), where there is a key for that.
///
/// A sealed secret opens for its own tenant and purpose alone.
package struct Vault: Sendable {
    private struct Key {
        let key: SymmetricKey
        let id: String
    }

    /// Why a secret cannot be opened.
    package struct CannotOpen: Error, CustomStringConvertible {
        package let description: String

        package init(_ description: String) { self.description = description }
    }

    private let key: Key?

    /// Seals nothing.
    package init() { key = nil }

    /// - Parameter text: 32 bytes in base64 (RFC 4648), or in hexadecimal.
    /// - Returns: nil for anything else.
    package init?(_ text: String) {
        guard let bytes = Self.bytes(text.trimmingCharacters(in: .whitespacesAndNewlines)), bytes.count == 32 else {
            return nil
        }
        let key = SymmetricKey(data: bytes)
        let tag = HMAC<SHA256>.authenticationCode(for: Data("fletchd key id".utf8), using: key)
        self.key = Key(key: key, id: Hexadecimal.text(of: Array(tag.prefix(8))))
    }

    /// Tells the key from others; nil where there is none.
    package var keyID: String? { key?.id }

    /// What to do about secrets in the store whose key is not there.
    package static func problem(ofSecretsSealedWith id: String) -> String {
        """
        tokens in the database are sealed with another key (\(id)): set FLETCHD_ENCRYPTION_KEY to that one, or run \
        fletchd reseal with it as FLETCHD_OLD_ENCRYPTION_KEY
        """
    }

    package func seal(_ secret: [UInt8], of owner: SecretOwner) throws -> StoredSecret {
        guard let key else { return StoredSecret(bytes: secret, keyID: nil) }
        let box = try AES.GCM.seal(Data(secret), using: key.key, authenticating: Data(owner.text.utf8))
        guard let combined = box.combined else { throw CannotOpen("a secret could not be sealed") }
        return StoredSecret(bytes: Array(combined), keyID: key.id)
    }

    /// Opens what is not sealed as well.
    package func open(_ secret: StoredSecret, of owner: SecretOwner) throws -> [UInt8] {
        guard let id = secret.keyID else { return secret.bytes }
        guard let key, key.id == id else {
            throw CannotOpen("a secret is sealed with another key (\(id)): give that one")
        }
        do {
            let box = try AES.GCM.SealedBox(combined: Data(secret.bytes))
            return Array(try AES.GCM.open(box, using: key.key, authenticating: Data(owner.text.utf8)))
        } catch {
            throw CannotOpen("a sealed secret in the database is damaged: issue another")
        }
    }

    private static func bytes(_ text: String) -> Data? {
        guard text.utf8.count == 64 else { return Data(base64Encoded: text) }
        let digits = text.utf8.compactMap(Hexadecimal.value)
        guard digits.count == 64 else { return nil }
        return Data(stride(from: 0, to: 64, by: 2).map { digits[$0] << 4 | digits[$0 + 1] })
    }
}
