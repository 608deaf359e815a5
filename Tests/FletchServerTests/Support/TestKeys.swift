import Foundation
import JWTKit

@testable import FletchServer

/// A key pair, and tokens that are signed with it.
struct TestKeys {
    struct Claims: JWTPayload {
        var sub: String?
        var exp: Double?
        var nbf: Double?

        func verify(using algorithm: some JWTAlgorithm) {}
    }

    let publicKey: String
    let verifier: JWTVerifier
    private let collection: JWTKeyCollection

    init() async throws {
        let key = ES256PrivateKey()
        publicKey = key.publicKey.pemRepresentation
        verifier = try await JWTVerifier(publicKey)
        collection = await JWTKeyCollection().add(ecdsa: key)
    }

    /// - Parameter expiresIn: In seconds from the API's present.
    func token(subject: String?, expiresIn: Double? = 60, validIn: Double? = nil) async throws -> String {
        let now = Double(TestAPI.now.milliseconds) / 1_000
        let claims = Claims(sub: subject, exp: expiresIn.map { now + $0 }, nbf: validIn.map { now + $0 })
        return try await collection.sign(claims)
    }
}
