import Crypto

/// What an operator asks with.
package struct Passphrases: Sendable {
    /// Shorter ones can be guessed.
    package static let sensibleBytes = 16

    private let digests: [SHA256Digest]
    /// How many of them are shorter than ``sensibleBytes``.
    package let shortCount: Int

    package var count: Int { digests.count }
    package var isEmpty: Bool { digests.isEmpty }

    /// None.
    package init() { self.init("") }

    /// - Parameter text: One or more, with colons or line ends between them; one of nothing but spaces is none.
    package init(_ text: String) {
        let passphrases = text.split { $0 == ":" || $0.isNewline }.filter { !$0.allSatisfy(\.isWhitespace) }
        digests = passphrases.map { SHA256.hash(data: Array($0.utf8)) }
        shortCount = passphrases.count { $0.utf8.count < Self.sensibleBytes }
    }

    /// Takes the same time whatever `candidate` has in common with one of them: digests are compared in constant time, and
    /// all of them.
    func contains(_ candidate: String) -> Bool {
        let digest = SHA256.hash(data: Array(candidate.utf8))
        return digests.count { $0 == digest } > 0
    }
}
