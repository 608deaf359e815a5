import FletchQueue
import Foundation
import Testing

@testable import FletchServer

@Suite struct VaultTests {
    private static let key = Data((0..<32).map { UInt8($0) }).base64EncodedString()
    private static let owner = SecretOwner("a", .signing)
    private static let otherKey = String(repeating: "0f", count: 32)

    @Test func sealedSecretOpensForItsTenantAndKeyAlone() throws {
        let vault = try #require(Vault(Self.key))
        let other = try #require(Vault(Self.otherKey))
        let sealed = try vault.seal(Array("secret".utf8), of: Self.owner)
        #expect(sealed.keyID == vault.keyID)
        #expect(!String(decoding: sealed.bytes, as: UTF8.self).contains("secret"))
        #expect(try vault.open(sealed, of: Self.owner) == Array("secret".utf8))
        #expect(try vault.seal(Array("secret".utf8), of: Self.owner) != sealed)
        #expect(throws: Vault.CannotOpen.self) { try vault.open(sealed, of: SecretOwner("b", .signing)) }
        #expect(throws: Vault.CannotOpen.self) { try vault.open(sealed, of: SecretOwner("a", .token(.all))) }
        #expect(throws: Vault.CannotOpen.self) { try other.open(sealed, of: Self.owner) }
        #expect(throws: Vault.CannotOpen.self) { try Vault().open(sealed, of: Self.owner) }
        for index in sealed.bytes.indices {
            var bytes = sealed.bytes
            bytes[index] ^= 1
            #expect(throws: Vault.CannotOpen.self) {
                try vault.open(StoredSecret(bytes: bytes, keyID: sealed.keyID), of: Self.owner)
            }
        }
    }

    @Test func withoutAKeySecretsAreStoredAsTheyAre() throws {
        let stored = try Vault().seal([1, 2], of: Self.owner)
        #expect(stored == StoredSecret(bytes: [1, 2], keyID: nil))
        #expect(try #require(Vault(Self.key)).open(stored, of: Self.owner) == [1, 2])
    }

    @Test func keyIs32BytesInBase64OrHexadecimal() {
        #expect(Vault(Self.key + "\n")?.keyID == Vault(Self.key)?.keyID)
        #expect(Vault(Self.otherKey)?.keyID == Vault(Self.otherKey.uppercased())?.keyID)
        #expect(Vault(Self.key)?.keyID != Vault(Self.otherKey)?.keyID)
        for text in [
            "", "secret", String(Self.key.dropLast(4)), Self.otherKey + "00", String(repeating: "zz", count: 32),
        ] {
            #expect(Vault(text)?.keyID == nil)
        }
    }
}
