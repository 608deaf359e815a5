import Crypto

/// What an operator asks with.
package struct Passphrases: Sendable {
    /// Shorter ones can be guessed.
    package static let sensibleBytes = 16

    private let digests: [[UInt8]]
    /// How many of them are shorter than ``sensibleBytes``.
    package let shortCount: Int

    package var count: Int { digests.count }
    package var isEmpty: Bool { digests.isEmpty }

    /// None.
    package init() { self.init("") }

    /// - Parameter text: One or more, with colons or line ends between them.
    package init(_ text: String) {
        let passphrases = text.split { $0 == ":" || $0.isNewline }
        digests = passphrases.map(Self.digest)
        shortCount = passphrases.count { $0.utf8.count < Self.sensibleBytes }
    }

    /// Takes as long whatever `candidate` has in common with one of them.
    func contains(_ candidate: String) -> Bool {
        let digest = Self.digest(candidate[...])
        return digests.reduce(false) { $0 || Self.areSame($1, digest) }
    }

    private static func digest(_ text: Substring) -> [UInt8] { Array(SHA256.hash(data: Array(text.utf8))) }

    private static func areSame(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        zip(one, other).reduce(0) { $0 | $1.0 ^ $1.1 } == 0
    }
}
