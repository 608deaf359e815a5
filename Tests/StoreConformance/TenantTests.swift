import FletchQueue
import Testing

/// What a store keeps of tenants.
@Suite struct TenantTests {
    private static func token(
        _ tenant: String, _ number: UInt8, scope: TenantToken.Scope = .all, at moment: Int64 = 1
    ) -> TenantToken {
        TenantToken(
            tenant: tenant, scope: scope, digest: TokenDigest(Array(repeating: number, count: 32)),
            secret: StoredSecret(bytes: [number, 0, 255], keyID: number.isMultiple(of: 2) ? "key" : nil),
            issuedAt: at(moment))
    }

    @Test(arguments: StoreKind.allCases) func tokenIsFoundByItsDigestAndTenant(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let (one, other) = (Self.token("a", 1), Self.token("a", 2, scope: .enqueue))
            try await store.issue(one)
            try await store.issue(other)
            #expect(try await store.token(digest: one.digest) == one)
            #expect(try await store.token(digest: other.digest) == other)
            #expect(try await store.token(of: "a", scope: .all) == one)
            #expect(try await store.token(of: "a", scope: .enqueue) == other)
            #expect(try await store.token(of: "b", scope: .all) == nil)
            #expect(try await store.token(digest: TokenDigest(Array(repeating: 9, count: 32))) == nil)
        }
    }

    @Test(arguments: StoreKind.allCases) func newTokenTakesThePlaceOfTheOldOne(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.issue(Self.token("a", 1))
            try await store.issue(Self.token("b", 3))
            try await store.issue(Self.token("a", 2))
            #expect(try await store.token(digest: Self.token("a", 1).digest) == nil)
            #expect(try await store.token(of: "a", scope: .all) == Self.token("a", 2))
            #expect(try await store.token(of: "b", scope: .all) == Self.token("b", 3))
        }
    }

    @Test(arguments: StoreKind.allCases) func signingSecretIsNotRotatedByATokenThatIsGone(
        _ kind: StoreKind
    ) async throws {
        try await kind.withStore { store in
            let token = Self.token("a", 1)
            try await store.issue(token)
            try await store.rotate(Self.secret(1), of: "a", by: token.digest)
            #expect(try await store.revoke("a"))
            let error = await #expect(throws: StoreError.self) {
                try await store.rotate(Self.secret(2), of: "a", by: token.digest)
            }
            #expect(error?.code == .tokenRevoked)
            #expect(try await store.signingSecrets(of: "a").isEmpty)
        }
    }

    @Test(arguments: StoreKind.allCases) func nothingIsStoredByATokenThatIsGone(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let (old, new) = (Self.token("a", 1), Self.token("a", 2))
            let jobs = [job("x", in: QueueName(tenant: "a", endpoint: "https://example.com/a"))]
            try await store.issue(old)
            #expect(try await store.enqueue(jobs, by: old.digest).count == 1)
            try await store.issue(new)
            for digest in [old.digest, TokenDigest(Array(repeating: 9, count: 32))] {
                let error = await #expect(throws: StoreError.self) { try await store.enqueue(jobs, by: digest) }
                #expect(error?.code == .tokenRevoked)
            }
            #expect(try await store.enqueue(jobs, by: new.digest).count == 1)
            let device = Self.token("a", 3, scope: .enqueue)
            try await store.issue(device)
            for _ in 0..<2 { #expect(try await store.enqueue(jobs, by: device.digest).count == 1) }
            #expect(try await store.revokeToken(of: "a", scope: .enqueue))
            let refusal = await #expect(throws: StoreError.self) { try await store.enqueue(jobs, by: device.digest) }
            #expect(refusal?.code == .tokenRevoked)
            #expect(try await store.enqueue(jobs, by: new.digest).count == 1)
            #expect(try await store.revoke("a"))
            let error = await #expect(throws: StoreError.self) { try await store.enqueue(jobs, by: new.digest) }
            #expect(error?.code == .tokenRevoked)
            #expect(try await !store.hasTenants())
        }
    }

    @Test(arguments: StoreKind.allCases) func revocationTakesTokensSecretsJobsAndQueues(_ kind: StoreKind) async throws
    {
        try await kind.withStore { store in
            let gone = QueueName(tenant: "a", endpoint: "https://example.com/a")
            let left = QueueName(tenant: "b", endpoint: "https://example.com/a")
            for queue in [gone, left] { _ = try await store.enqueue((0..<1_200).map { job("\($0)", in: queue) }) }
            try await store.issue(Self.token("a", 1))
            try await store.issue(Self.token("a", 2, scope: .enqueue))
            try await store.issue(Self.token("b", 3))
            try await store.rotate(Self.secret(1), of: "a", by: nil)
            let running = try await store.leased(1)
            #expect(try await store.revoke("a"))
            #expect(try await store.token(of: "a", scope: .all) == nil)
            #expect(try await store.token(of: "a", scope: .enqueue) == nil)
            #expect(try await store.signingSecrets(of: "a").isEmpty)
            let page = Portion(count: 10, bytes: 1 << 20)
            #expect(try await store.endpoints(of: "a", from: nil, limit: page).endpoints.isEmpty)
            #expect(try await store.counts(of: [gone.endpoint], for: "a").isEmpty)
            #expect(try await store.counts(of: [left.endpoint], for: "b") == [left.endpoint: 1_200])
            #expect(try await store.token(of: "b", scope: .all) == Self.token("b", 3))
            // None of them is there before they are deleted, either.
            #expect(try await !store.leased(5_000).map(\.job.key.queue.tenant).contains { $0 != "b" })
            try await store.settle(running[0])
            try await store.deleteRevoked()
            #expect(try await store.tenants(from: nil, limit: 10).tenants.map(\.id) == ["b"])
            #expect(try await !store.revoke("a"))
            #expect(try await !store.revoke("unknown"))
        }
    }

    @Test(arguments: StoreKind.allCases) func queuesOfARevokedTenantGoInPortions(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let queues = (0..<2_001).map { QueueName(tenant: "a", endpoint: "https://example.com/\($0)") }
            _ = try await store.enqueue(queues.map { job("x", in: $0) })
            try await store.issue(Self.token("a", 1))
            let running = try await store.leased(1)
            #expect(try await store.revoke("a"))
            try await store.deleteRevoked()
            #expect(try await !store.hasTenants())
            // One waits for its delivery to end.
            try await store.settle(running[0])
            try await store.deleteRevoked()
            try await store.deleteRevoked()
            #expect(
                try await store.endpoints(of: nil, from: nil, limit: Portion(count: 9, bytes: 999)).endpoints.isEmpty)
        }
    }

    /// The same queue is another one afterwards.
    @Test(arguments: StoreKind.allCases) func queueCanBeUsedAgainAfterARevocation(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let queue = QueueName(tenant: "a", endpoint: "https://example.com/a")
            _ = try await store.enqueue([job("old", in: queue)])
            try await store.issue(Self.token("a", 1))
            #expect(try await store.revoke("a"))
            // What is stored before the old jobs are deleted is not among them.
            _ = try await store.enqueue([job("new", in: queue)])
            try await store.deleteRevoked()
            #expect(try await store.leased().ids == ["new"])
            #expect(try await store.job(JobKey(queue, "old")) == nil)
        }
    }

    @Test(arguments: StoreKind.allCases) func oneTokenIsRevokedAlone(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.issue(Self.token("a", 1))
            try await store.issue(Self.token("a", 2, scope: .enqueue))
            #expect(try await store.revokeToken(of: "a", scope: .enqueue))
            #expect(try await !store.revokeToken(of: "a", scope: .enqueue))
            #expect(try await store.token(of: "a", scope: .all) == Self.token("a", 1))
        }
    }

    @Test(arguments: StoreKind.allCases) func tenantsAreKnownByTokenOrQueue(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([job("x")])
            #expect(try await !store.hasTenants())
            try await store.issue(Self.token("a", 1))
            #expect(try await store.hasTenants())
            _ = try await store.revoke("a")
            #expect(try await !store.hasTenants())
            _ = try await store.enqueue([job("x", in: QueueName(tenant: "b", endpoint: "https://example.com/"))])
            #expect(try await store.hasTenants())
        }
    }

    @Test(arguments: StoreKind.allCases) func tenantsAreListedInOrderAndInPages(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            for (index, tenant) in ["c", "a", "é"].enumerated() {
                try await store.issue(Self.token(tenant, UInt8(index), at: Int64(index)))
            }
            for endpoint in ["https://example.com/1", "https://example.com/2"] {
                _ = try await store.enqueue([job("x", in: QueueName(tenant: "b", endpoint: endpoint))])
            }
            let first = try await store.tenants(from: nil, limit: 2)
            #expect(first.tenants.map(\.id) == ["a", "b"])
            #expect(first.tenants[0].tokens == [.all: at(1)])
            #expect(first.tenants[1] == Tenant(id: "b", queueCount: 2, tokens: [:]))
            let one = try await store.tenants(from: "a!", limit: 1)
            #expect(one.tenants.map(\.id) == ["b"] && one.cursor == "b")
            #expect(try await store.tenants(from: "\n", limit: 1).tenants.map(\.id) == ["a"])
            #expect(try await store.tenants(from: "é", limit: 1).tenants.isEmpty)
            let second = try await store.tenants(from: first.cursor, limit: 2)
            #expect(second.tenants.map(\.id) == ["c", "é"])
            #expect(second.cursor == nil)
        }
    }

    private static func secret(_ number: UInt8) -> SigningSecret {
        SigningSecret(secret: StoredSecret(bytes: [number], keyID: "key"), createdAt: at(Int64(number)))
    }

    @Test(arguments: StoreKind.allCases) func lastTwoSigningSecretsAreKept(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            #expect(try await store.signingSecrets(of: "a").isEmpty)
            for number in UInt8(1)...3 {
                try await store.rotate(Self.secret(number), of: "a", by: nil)
                try await store.rotate(Self.secret(number + 100), of: "b", by: nil)
            }
            #expect(try await store.signingSecrets(of: "a") == [Self.secret(3), Self.secret(2)])
            #expect(try await store.signingSecrets(of: "b") == [Self.secret(103), Self.secret(102)])
        }
    }

    @Test(arguments: StoreKind.allCases) func usageAddsUpUntilItIsTaken(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.addUsage(["a": 2, "b": 1, "c": 0])
            try await store.addUsage(["a": 40])
            try await store.addUsage([:])
            #expect(try await store.takeUsage() == ["a": 42, "b": 1])
            #expect(try await store.takeUsage() == [:])
        }
    }

    private struct Refused: Error {}

    @Test(arguments: StoreKind.allCases) func secretsAreResealedAllOrNone(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.issue(Self.token("a", 1))
            try await store.issue(Self.token("b", 2))
            try await store.rotate(Self.secret(7), of: "b", by: nil)
            #expect(try await store.secretKeyIDs() == [nil, "key"])
            await #expect(throws: StoreError.self) {
                try await store.reseal { secret, _ in
                    guard secret.keyID == nil else { throw Refused() }
                    return StoredSecret(bytes: [], keyID: "new")
                }
            }
            #expect(try await store.secretKeyIDs() == [nil, "key"])
            let count = try await store.reseal { secret, owner in
                StoredSecret(bytes: secret.bytes + Array(owner.tenant.utf8), keyID: "new")
            }
            #expect(count == 3)
            #expect(try await store.secretKeyIDs() == ["new"])
            #expect(try await store.token(of: "a", scope: .all)?.secret.bytes == [1, 0, 255, 97])
            #expect(try await store.signingSecrets(of: "b").map(\.secret.bytes) == [[7, 98]])
        }
    }
}
