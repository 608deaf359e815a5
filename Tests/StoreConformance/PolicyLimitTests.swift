import FletchQueue
import Testing

/// How many policies a tenant may have, and how large they may be together.
@Suite struct PolicyLimitTests {
    private static func target(_ name: String) -> PolicyTarget { .queue("https://example.com/" + name) }

    /// With the policy `{}`, which is two bytes more.
    private static func target(bytes: Int, _ first: Character) -> PolicyTarget {
        let start = "https://example.com/\(first)"
        let count = bytes - start.utf8.count - 2
        // Not all characters are one byte.
        return .queue(start + String(repeating: "é", count: count / 2) + String(repeating: "x", count: count % 2))
    }

    @discardableResult
    private static func set(
        _ policy: Policy? = Policy(), for target: PolicyTarget, of tenant: String = "a", _ store: any JobStore
    ) async throws(StoreError) -> Bool {
        try await store.set(policy, for: target, of: tenant, by: nil)
    }

    @Test(arguments: StoreKind.allCases) func tenantHasTenThousandPoliciesAtMost(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<10_000 { group.addTask { try await Self.set(for: Self.target("\(number)"), store) } }
                try await group.waitForAll()
            }
            let error = await #expect(throws: StoreError.self) { try await Self.set(for: Self.target("more"), store) }
            #expect(error?.code == .quotaExceeded)
            #expect(error?.message.contains("10000 policies") == true)
            var paused = Policy()
            paused.isPaused = true
            #expect(try await Self.set(paused, for: Self.target("17"), store), "what is there may be replaced")
            #expect(try await !Self.set(for: Self.target("more"), of: "b", store))
            #expect(try await Self.set(nil, for: Self.target("17"), store))
            #expect(try await !Self.set(for: Self.target("more"), store))
        }
    }

    /// To the byte: targets and policies count.
    @Test(arguments: StoreKind.allCases) func policiesOfATenantAreBoundedInBytes(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let (most, rest) = (Self.target(bytes: (16 << 20) - 100, "m"), Self.target(bytes: 100, "r"))
            try await Self.set(for: most, store)
            let error = await #expect(throws: StoreError.self) {
                try await Self.set(for: Self.target(bytes: 101, "r"), store)
            }
            #expect(error?.code == .quotaExceeded)
            #expect(error?.message.contains("16 MiB") == true)
            #expect(try await !Self.set(for: rest, store))
            #expect(try await Self.set(for: rest, store), "it takes no more room than before")
            var paused = Policy()
            paused.isPaused = true
            let growth = await #expect(throws: StoreError.self) { try await Self.set(paused, for: rest, store) }
            #expect(growth?.code == .quotaExceeded)
            #expect(try await store.policy(for: rest, of: "a") == Policy())
            #expect(try await !Self.set(for: rest, of: "b", store))
            #expect(try await Self.set(nil, for: most, store))
            #expect(try await Self.set(paused, for: rest, store))
        }
    }
}
