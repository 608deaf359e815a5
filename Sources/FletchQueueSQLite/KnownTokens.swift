/// The digests of tokens that were found since tokens have changed last.
struct KnownTokens {
    private static let maximumCount = 10_000
    private var digests: Set<[UInt8]> = []

    func contains(_ digest: [UInt8]) -> Bool { digests.contains(digest) }

    mutating func insert(_ digest: [UInt8]) {
        if digests.count >= Self.maximumCount { digests = [] }
        digests.insert(digest)
    }
}
