internal import FletchQueue
import GRDB

/// How many of something a tenant may have, and how many bytes together.
struct Allowance {
    /// A plural noun for messages.
    let name: String
    let maximumCount: Int
    let maximumBytes: Int

    /// Why a tenant may not have one more, or a larger one; nil if it may. What takes no more room is never refused.
    /// - Parameters:
    ///   - growth: How many bytes it takes more than the one that it replaces.
    ///   - present: What the tenant has: their number and their bytes.
    func refusal(isNew: Bool, growth: Int, present: Row) -> StoreError? {
        let (count, bytes): (Int, Int) = (present[0], present[1])
        if isNew, count >= maximumCount { return Self.refusal("the tenant has \(maximumCount) \(name)") }
        guard growth > 0, bytes + growth > maximumBytes else { return nil }
        return Self.refusal("the tenant's \(name) would have more than \(maximumBytes >> 20) MiB together")
    }

    private static func refusal(_ reason: String) -> StoreError {
        StoreError(.quotaExceeded, reason + ": delete some that are not needed any more")
    }
}
