internal import FletchQueue

/// The digests of tokens that were found since tokens have changed last.
struct KnownTokens {
    private static let maximumCount = 10_000
    private var digests: Set<TokenDigest> = []

    func contains(_ digest: TokenDigest) -> Bool { digests.contains(digest) }

    mutating func insert(_ digest: TokenDigest) {
        if digests.count >= Self.maximumCount { digests = [] }
        digests.insert(digest)
    }
}
