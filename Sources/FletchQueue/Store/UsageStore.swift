/// Keeps what tenants have used.
package protocol UsageStore: Sendable {
    /// Adds to what tenants have used.
    func addUsage(_ counts: [String: Int]) async throws(StoreError)

    /// Tells what tenants have used since the last time, and forgets it.
    func takeUsage() async throws(StoreError) -> [String: Int]
}
