import FletchQueue

extension JobStore {
    /// All that a tenant has, which is little here.
    func endpoints(of tenant: String) async throws(StoreError) -> [String] {
        let page = try await endpoints(of: tenant, from: nil, limit: Portion(count: 1_000, bytes: 1 << 20))
        guard page.cursor == nil else { throw StoreError(.failed, "more endpoints than a test has") }
        return page.endpoints
    }

    func counts(of tenant: String) async throws(StoreError) -> [String: Int] {
        try await counts(of: endpoints(of: tenant), for: tenant)
    }
}
