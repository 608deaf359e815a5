import FletchQueue
import Testing

/// How much is remembered of what a tenant has enqueued once.
@Suite struct OnceLimitTests {
    private static let stranger = QueueName(tenant: "stranger", endpoint: queue.endpoint)

    /// Room for two answers of ``answerBytes``; the third goes beyond.
    private static var quotas: Quotas {
        var quotas = Quotas()
        quotas.maximumIdempotencyBytes = 10_000
        return quotas
    }

    private static let answerBytes = 4_000

    private static func once(
        _ key: String, answer byteCount: Int = answerBytes, of tenant: String = "anonymous", at moment: Int64 = 0
    ) -> Once {
        Once(tenant: tenant, key: key, request: Array(repeating: 1, count: 32), at: at(moment)) { _ in
            Array(repeating: 0x78, count: byteCount)
        }
    }

    /// - Returns: Whether a job was stored: not where it was answered.
    /// - Throws: ``StoreError`` where it was refused.
    @discardableResult
    private static func stores(_ id: String, _ once: Once?, _ store: any JobStore) async throws -> Bool {
        let name = once?.tenant == stranger.tenant ? stranger : queue
        let enqueued = try await store.enqueue([job(id, in: name)], by: nil, once: once)
        return if case .stored = enqueued { true } else { false }
    }

    private static func expectRefused(
        _ id: String, _ once: Once, _ store: any JobStore, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let error = await #expect(throws: StoreError.self, sourceLocation: sourceLocation) {
            try await stores(id, once, store)
        }
        #expect(error?.code == .quotaExceeded, sourceLocation: sourceLocation)
        #expect(try await store.job(JobKey(queue, id)) == nil, sourceLocation: sourceLocation)
    }

    @Test(arguments: StoreKind.allCases) func tenantWhoseKeysTakeUpTooMuchGetsNoNewOne(_ kind: StoreKind) async throws {
        try await kind.withStore(quotas: Self.quotas) { store in
            for id in ["a", "b", "c"] { #expect(try await Self.stores(id, Self.once(id), store)) }
            try await Self.expectRefused("d", Self.once("d"), store)
            try await Self.expectRefused("d", Self.once("short", answer: 1), store)
            // What is known is answered, and what has no key is stored.
            #expect(try await !Self.stores("d", Self.once("a"), store))
            #expect(try await Self.stores("d", nil, store))
            // What others have remembered is theirs.
            #expect(try await Self.stores("e", Self.once("d", of: "stranger"), store))
        }
    }

    @Test(arguments: StoreKind.allCases) func refusalNamesTheLimitAndTheRemedy(_ kind: StoreKind) async throws {
        var quotas = Self.quotas
        quotas.maximumIdempotencyBytes = 1
        try await kind.withStore(quotas: quotas) { store in
            try await Self.stores("a", Self.once("a"), store)
            let error = await #expect(throws: StoreError.self) { try await Self.stores("b", Self.once("b"), store) }
            let message = error?.message ?? ""
            #expect(message.contains("--maximum-idempotency-bytes is 1, and the tenant's Idempotency-Keys"))
            #expect(message.contains("give the job an id instead"))
        }
    }

    /// However short answers and keys are.
    @Test(arguments: StoreKind.allCases) func numberOfKeysIsLimitedToo(_ kind: StoreKind) async throws {
        try await kind.withStore(quotas: Self.quotas) { store in
            var count = 0
            while count < 1_000 {
                do throws(StoreError) {
                    _ = try await store.enqueue([], by: nil, once: Self.once("\(count)", answer: 0))
                } catch {
                    #expect(error.code == .quotaExceeded)
                    break
                }
                count += 1
            }
            #expect(10...100 ~= count)
        }
    }

    @Test(arguments: StoreKind.allCases) func whatIsForgottenMakesRoom(_ kind: StoreKind) async throws {
        try await kind.withStore(quotas: Self.quotas) { store in
            for (moment, id) in ["a", "b", "c"].enumerated() {
                try await Self.stores(id, Self.once(id, at: Int64(moment)), store)
            }
            try await store.forgetAnswers(at: at(Once.memory - 1))
            try await Self.expectRefused("d", Self.once("d"), store)
            try await store.forgetAnswers(at: at(Once.memory))
            #expect(try await Self.stores("d", Self.once("d"), store))
            try await Self.expectRefused("e", Self.once("e"), store)
            try await store.forgetAnswers(at: at(2 * Once.memory))
            for id in ["e", "f", "g"] { #expect(try await Self.stores(id, Self.once(id), store)) }
        }
    }

    /// A process that is told to end does not wait for all of it.
    @Test(arguments: StoreKind.allCases) func forgettingEndsAfterAPortionIfItIsCancelled(_ kind: StoreKind) async throws
    {
        try await kind.withStore { store in
            // More than is forgotten in one transaction.
            for number in 0..<4 { try await Self.stores("\(number)", Self.once("\(number)", answer: 1 << 20), store) }
            let forgetting = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await store.forgetAnswers(at: at(Once.memory))
            }
            try await forgetting.value
            var left = 0
            for number in 0..<4 where try await store.answer(to: Self.once("\(number)")) != nil { left += 1 }
            #expect((1..<4).contains(left))
            try await store.forgetAnswers(at: at(Once.memory))
            #expect(try await store.answer(to: Self.once("3")) == nil)
        }
    }

    /// One that has expired, and is used again before it was forgotten, counts once.
    @Test(arguments: StoreKind.allCases) func keyThatIsUsedAnewCountsOnce(_ kind: StoreKind) async throws {
        try await kind.withStore(quotas: Self.quotas) { store in
            for round in 0..<5 {
                let moment = Int64(round) * Once.memory
                #expect(try await Self.stores("a\(round)", Self.once("a", at: moment), store))
            }
            #expect(try await Self.stores("b", Self.once("b", answer: 5_999, at: 4 * Once.memory), store))
            try await Self.expectRefused("c", Self.once("c", at: 4 * Once.memory), store)
        }
    }

    @Test(arguments: StoreKind.allCases) func refusedEnqueueTakesUpNothing(_ kind: StoreKind) async throws {
        var quotas = Self.quotas
        quotas.maximumJobCount = 1
        try await kind.withStore(quotas: quotas) { store in
            try await Self.stores("a", Self.once("a"), store)
            for number in 0..<5 {
                await #expect(throws: StoreError.self) { try await Self.stores("b", Self.once("\(number)"), store) }
            }
            _ = try await store.delete([JobKey(queue, "a")])
            #expect(try await Self.stores("b", Self.once("b"), store))
        }
    }

    @Test(arguments: StoreKind.allCases) func limitHoldsAfterARestart(_ kind: StoreKind) async throws {
        try await kind.withReopenedStore([Self.quotas, Self.quotas, Quotas()]) { store, opening in
            switch opening {
            case 0: for id in ["a", "b", "c"] { try await Self.stores(id, Self.once(id), store) }
            case 1: try await Self.expectRefused("d", Self.once("d"), store)
            default: #expect(try await Self.stores("d", Self.once("d"), store))
            }
        }
    }

    @Test(arguments: StoreKind.allCases) func nameOfARevokedTenantBeginsWithNothing(_ kind: StoreKind) async throws {
        try await kind.withStore(quotas: Self.quotas) { store in
            for id in ["a", "b", "c"] { try await Self.stores(id, Self.once(id, of: "stranger"), store) }
            try await store.issue(
                TenantToken(
                    tenant: "stranger", scope: .all, digest: TokenDigest(Array(repeating: 1, count: 32)),
                    secret: StoredSecret(bytes: [1], keyID: nil), issuedAt: at(1)))
            #expect(try await store.revoke("stranger"))
            #expect(try await Self.stores("d", Self.once("d", of: "stranger"), store))
            // The old ones go later, and are no longer the name's.
            try await store.forgetAnswers(at: at(Once.memory))
            for id in ["e", "f", "g"] { #expect(try await Self.stores(id, Self.once(id, of: "stranger"), store)) }
        }
    }
}
