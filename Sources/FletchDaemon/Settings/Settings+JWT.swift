import ArgumentParser
import FletchServer

extension Settings {
    /// - Throws: `ValidationError` where there is a key that is none.
    func jwtVerifier() async throws -> JWTVerifier? {
        guard let text = jwtKey.value else { return nil }
        do {
            return try await JWTVerifier(text)
        } catch {
            throw ValidationError("\(jwtKey.source): \(error)")
        }
    }
}
