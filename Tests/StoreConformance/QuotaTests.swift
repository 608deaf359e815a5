import FletchQueue
import Testing

/// How much a tenant may have, and what is forgotten of it.
@Suite struct QuotaTests {
    private static let stranger = QueueName(tenant: "stranger", endpoint: queue.endpoint)

    private static func quotas(jobs: Int? = nil, bytes: Int? = nil, queues: Int = 100_000) -> Quotas {
        var quotas = Quotas()
        (quotas.maximumJobCount, quotas.maximumBodyBytes, quotas.maximumQueueCount) = (jobs, bytes, queues)
        return quotas
    }

    private static func sized(_ id: String, bytes: Int, override: Bool = false) -> NewJob {
        job(id, at: 9_000, override: override) { $0.body = Payload(Array(repeating: 0x78, count: bytes)) }
    }

    /// - Returns: Whether all of them were stored; none of them were otherwise.
    private static func stores(_ jobs: [NewJob], _ store: any JobStore) async throws -> Bool {
        do throws(StoreError) {
            _ = try await store.enqueue(jobs)
            return true
        } catch {
            guard error.code == .quotaExceeded else { throw error }
            return false
        }
    }

    @Test(arguments: StoreKind.allCases) func noMoreJobsAreStoredThanATenantMayHave(_ kind: StoreKind) async throws {
        try await kind.withStore(quotas: Self.quotas(jobs: 3)) { store in
            _ = try await store.enqueue([job("a"), job("b")])
            #expect(try await !Self.stores([job("c"), job("d", in: other)], store), "all or none")
            #expect(try await store.counts(of: "anonymous") == [queue.endpoint: 2])
            #expect(try await store.endpoints(of: "anonymous") == [queue.endpoint])
            #expect(try await Self.stores([job("c", in: other)], store))
            #expect(try await !Self.stores([job("d")], store))
            // What others have is theirs.
            #expect(try await Self.stores([job("a", in: Self.stranger)], store))
        }
    }

    @Test(arguments: StoreKind.allCases) func refusalNamesTheLimitAndTheRemedy(_ kind: StoreKind) async throws {
        try await kind.withStore(quotas: Self.quotas(jobs: 3, bytes: 100)) { store in
            _ = try await store.enqueue([Self.sized("a", bytes: 90)])
            let jobs = await #expect(throws: StoreError.self) {
                try await store.enqueue(["b", "c", "d"].map { job($0) })
            }
            #expect(jobs?.message.contains("--maximum-jobs is 3, and the tenant has 1;") == true)
            #expect(jobs?.message.contains("try again") == true)
            let bytes = await #expect(throws: StoreError.self) { try await store.enqueue([Self.sized("b", bytes: 11)]) }
            #expect(
                bytes?.message.contains("--maximum-bytes is 100, and the bodies of the tenant's jobs have 90;") == true
            )
            let never = await #expect(throws: StoreError.self) {
                try await store.enqueue([Self.sized("b", bytes: 101)])
            }
            #expect(never?.message.contains("always too many") == true)
        }
    }

    /// To the byte.
    @Test(arguments: StoreKind.allCases) func bodiesHaveNoMoreBytesThanTheyMay(_ kind: StoreKind) async throws {
        try await kind.withStore(quotas: Self.quotas(bytes: 100)) { store in
            #expect(try await Self.stores([Self.sized("a", bytes: 60), Self.sized("b", bytes: 40)], store))
            #expect(try await !Self.stores([Self.sized("c", bytes: 1)], store))
            #expect(try await Self.stores([Self.sized("c", bytes: 0)], store))
            _ = try await store.delete([JobKey(queue, "b")])
            #expect(try await !Self.stores([job("d") { $0.body = .text(String(repeating: "ü", count: 21)) }], store))
            #expect(try await Self.stores([job("d") { $0.body = .text(String(repeating: "ü", count: 20)) }], store))
        }
    }

    @Test(arguments: StoreKind.allCases) func overrideCountsTheDifference(_ kind: StoreKind) async throws {
        try await kind.withStore(quotas: Self.quotas(jobs: 2, bytes: 100)) { store in
            _ = try await store.enqueue([Self.sized("a", bytes: 50), Self.sized("b", bytes: 40)])
            #expect(try await Self.stores([Self.sized("a", bytes: 60, override: true)], store))
            #expect(try await !Self.stores([Self.sized("a", bytes: 61, override: true)], store))
            #expect(try await Self.stores([Self.sized("a", bytes: 10, override: true)], store))
            #expect(try await Self.stores([Self.sized("b", bytes: 90, override: true)], store))
            // The last of a batch counts, and each of its keys once.
            let batch = [Self.sized("a", bytes: 500, override: true), Self.sized("a", bytes: 5, override: true)]
            #expect(try await Self.stores(batch, store))
            #expect(try await Self.stores([Self.sized("b", bytes: 95, override: true)], store))
        }
    }

    @Test(arguments: StoreKind.allCases) func jobThatIsThereAlreadyIsNeverRefused(_ kind: StoreKind) async throws {
        try await kind.withStore(quotas: Self.quotas(jobs: 1, bytes: 10)) { store in
            let first = Self.sized("a", bytes: 10)
            #expect(try await store.enqueue([first, Self.sized("a", bytes: 9)]) == [first.job, first.job])
            #expect(try await store.enqueue([Self.sized("a", bytes: 1_000)]) == [first.job])
            let running = try await store.leased(at: 9_000)
            #expect(try await store.enqueue([Self.sized("a", bytes: 1_000)]).first?.body == first.job.body)
            try await store.settle(running[0])
            #expect(try await Self.stores([Self.sized("b", bytes: 10)], store))
        }
    }

    /// However a job ends, another one has its place.
    @Test(arguments: StoreKind.allCases, JobEnd.allCases)
    func jobThatIsGoneMakesRoom(_ kind: StoreKind, _ end: JobEnd) async throws {
        try await kind.withStore(leaseDuration: end == .expired ? .zero : .seconds(600), quotas: Self.quotas(jobs: 2)) {
            store in
            let retried = job("a") { $0.retry = RetrySchedule(waits: [1]) }
            _ = try await store.enqueue([retried, job("b", in: other, at: 9_000_000)])
            let running = try await store.leased()[0]
            #expect(try await !Self.stores([job("c")], store))
            switch end {
            case .settled: try await store.settle(running)
            case .gone: try await store.settle(running, .gone)
            case .retried:
                try await store.settle(running, .failed)
                #expect(try await !Self.stores([job("c")], store))
                try await store.settle(try await store.leased(at: 2_000)[0], .failed)
            case .deleted: _ = try await store.delete([running.job.key])
            case .emptied: try await store.empty(queue)
            case .released:
                try await store.release([Handback(running.lease, at: at(1_000))])
                #expect(try await !Self.stores([job("c")], store))
                _ = try await store.delete([running.job.key])
            case .expired:
                try await store.settle(try await store.leased()[0])
            case .overridden:
                _ = try await store.enqueue([job("a", override: true)])
                // Whose run that was is another.
                try await store.settle(running)
                #expect(try await !Self.stores([job("c")], store))
                _ = try await store.delete([running.job.key])
            }
            // A second end of the same makes no more of it.
            try await store.settle(running)
            _ = try await store.delete([running.job.key])
            #expect(try await Self.stores([job("c")], store))
            #expect(try await !Self.stores([job("d")], store))
        }
    }

    enum JobEnd: CaseIterable { case settled, gone, retried, deleted, emptied, released, expired, overridden }

    @Test(arguments: StoreKind.allCases) func revokedTenantHasNothing(_ kind: StoreKind) async throws {
        try await kind.withStore(quotas: Self.quotas(jobs: 1_000)) { store in
            let jobs = (0..<1_000).map { job("\($0)", in: Self.stranger) }
            _ = try await store.enqueue(jobs)
            try await store.issue(
                TenantToken(
                    tenant: "stranger", scope: .all, digest: TokenDigest(Array(repeating: 1, count: 32)),
                    secret: StoredSecret(bytes: [1], keyID: nil), issuedAt: at(1)))
            #expect(try await store.revoke("stranger"))
            #expect(try await Self.stores(jobs, store))
            #expect(try await !Self.stores([job("more", in: Self.stranger)], store))
        }
    }

    /// Also where they are written together.
    @Test(arguments: StoreKind.allCases) func manyAtOnceStoreNoMoreThanTheyMay(_ kind: StoreKind) async throws {
        try await kind.withStore(quotas: Self.quotas(jobs: 100)) { store in
            let count = try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<500 { group.addTask { try await Self.stores([job("\(index)")], store) } }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(count == 100)
            #expect(try await store.counts(of: "anonymous") == [queue.endpoint: 100])
        }
    }

    /// An operator may lower a limit below what is there.
    @Test(arguments: StoreKind.allCases) func tenantThatHasTooMuchMayTakeLess(_ kind: StoreKind) async throws {
        try await kind.withReopenedStore([Quotas(), Self.quotas(jobs: 1, bytes: 10)]) { store, opening in
            if opening == 0 {
                _ = try await store.enqueue([Self.sized("a", bytes: 50), Self.sized("b", bytes: 50)])
            } else {
                #expect(try await !Self.stores([Self.sized("a", bytes: 51, override: true)], store))
                #expect(try await Self.stores([Self.sized("a", bytes: 49, override: true)], store))
                #expect(try await Self.stores([Self.sized("b", bytes: 1)], store))
                #expect(try await !Self.stores([Self.sized("c", bytes: 0)], store))
            }
        }
    }

    @Test(arguments: StoreKind.allCases, [[Int?.some(3), nil], [nil, 27], [3, 27]])
    func countsOutliveTheProcess(_ kind: StoreKind, _ limits: [Int?]) async throws {
        let quotas = Self.quotas(jobs: limits[0], bytes: limits[1])
        try await kind.withReopenedStore([quotas, quotas]) { store, opening in
            if opening == 0 {
                _ = try await store.enqueue([job("a"), job("b", in: other), job("c", in: Self.stranger)])
            } else {
                #expect(try await Self.stores([job("c")], store))
                #expect(try await !Self.stores([job("d")], store))
                _ = try await store.delete([JobKey(queue, "a")])
                #expect(try await Self.stores([job("d")], store))
                #expect(try await !Self.stores([job("e", in: other)], store))
            }
        }
    }
}
