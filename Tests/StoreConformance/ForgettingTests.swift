import FletchQueue
import Testing

/// Which queues are forgotten where a tenant has had too many.
@Suite struct ForgettingTests {
    private static func quotas(_ count: Int) -> Quotas {
        var quotas = Quotas()
        quotas.maximumQueueCount = count
        return quotas
    }

    private static func name(_ number: Int, of tenant: String = "anonymous") -> QueueName {
        QueueName(tenant: tenant, endpoint: "https://example.com/\(number)")
    }

    /// A queue that has had a job.
    private static func use(_ number: Int, _ store: any JobStore) async throws {
        _ = try await store.enqueue([job("a", in: name(number))])
        _ = try await store.delete([JobKey(name(number), "a")])
    }

    private static func numbers(_ store: any JobStore, of tenant: String = "anonymous") async throws -> [Int] {
        try await store.endpoints(of: tenant).compactMap { Int($0.split(separator: "/").last ?? "") }.sorted()
    }

    @Test(arguments: StoreKind.allCases) func emptyQueuesAreForgottenTheOldestFirst(_ kind: StoreKind) async throws {
        try await kind.withStore(quotas: Self.quotas(3)) { store in
            for number in [5, 1, 4] { try await Self.use(number, store) }
            #expect(try await Self.numbers(store) == [1, 4, 5])
            try await Self.use(2, store)
            #expect(try await Self.numbers(store) == [1, 2, 4])
            // One that is used again is the newest.
            try await Self.use(5, store)
            try await Self.use(3, store)
            #expect(try await Self.numbers(store) == [2, 3, 5])
        }
    }

    @Test(arguments: StoreKind.allCases) func queueWithJobsIsNeitherForgottenNorRefused(_ kind: StoreKind) async throws
    {
        try await kind.withStore(quotas: Self.quotas(2)) { store in
            _ = try await store.enqueue((0..<4).map { job("a", in: Self.name($0), at: Int64($0)) })
            let leased = try await store.leased(1)
            #expect(leased.map(\.job.key.queue) == [Self.name(0)])
            for number in 4..<8 { try await Self.use(number, store) }
            #expect(try await Self.numbers(store) == [0, 1, 2, 3, 7])
            #expect(try await store.leased().map(\.job.key.queue) == (1..<4).map { Self.name($0) })
            try await store.settle(leased[0])
            try await Self.use(8, store)
            #expect(try await Self.numbers(store) == [1, 2, 3, 8])
        }
    }

    @Test(arguments: StoreKind.allCases) func otherTenantsQueuesDoNotCount(_ kind: StoreKind) async throws {
        try await kind.withStore(quotas: Self.quotas(2)) { store in
            for number in 0..<3 {
                for tenant in ["é", "e\u{301}"] {
                    let key = JobKey(Self.name(number, of: tenant), "a")
                    _ = try await store.enqueue([job("a", in: key.queue)])
                    _ = try await store.delete([key])
                }
                try await Self.use(number, store)
            }
            for tenant in ["é", "e\u{301}", "anonymous"] {
                #expect(try await Self.numbers(store, of: tenant) == [1, 2])
            }
        }
    }

    /// It is another queue then, whatever was known of the first.
    @Test(arguments: StoreKind.allCases) func forgottenQueueCanBeUsedAgain(_ kind: StoreKind) async throws {
        try await kind.withStore(quotas: Self.quotas(1)) { store in
            for round in 0..<3 {
                for number in 0..<3 {
                    let name = Self.name(number)
                    _ = try await store.enqueue([job("\(round)", in: name)])
                    #expect(try await store.counts(of: "anonymous") == [name.endpoint: 1])
                    let leased = try await store.leased()
                    #expect(leased.map(\.job.key) == [JobKey(name, "\(round)")])
                    try await store.settle(leased[0])
                }
            }
        }
    }

    /// A delivery may go on though its job is gone.
    @Test(arguments: StoreKind.allCases) func queueOfADeliveryThatGoesOnIsKept(_ kind: StoreKind) async throws {
        try await kind.withStore(quotas: Self.quotas(1)) { store in
            _ = try await store.enqueue([exclusive("a", in: Self.name(0))])
            let running = try await store.leased()[0]
            _ = try await store.delete([running.job.key])
            try await Self.use(1, store)
            _ = try await store.enqueue([job("b", in: Self.name(0))])
            #expect(try await store.leased().isEmpty, "the exclusive job still runs")
            try await store.settle(running)
            #expect(try await store.leased().ids == ["b"])
        }
    }

    /// More than are looked at at once, and a few more than the limit until it is worth it.
    @Test(arguments: StoreKind.allCases) func manyQueuesAreForgottenInPortions(_ kind: StoreKind) async throws {
        try await kind.withReopenedStore([Quotas(), Self.quotas(200)]) { store, opening in
            let busy = (0..<5_000).filter { $0.isMultiple(of: 50) }
            if opening == 0 {
                for start in stride(from: 0, to: 5_000, by: 1_000) {
                    let keys = (start..<start + 1_000).map { JobKey(Self.name($0), "a") }
                    _ = try await store.enqueue(keys.map { job($0.id, in: $0.queue) })
                    _ = try await store.delete(
                        keys.filter { !busy.contains(Int($0.queue.endpoint.dropFirst(20)) ?? 0) })
                }
            } else {
                for number in 5_000..<5_010 { try await Self.use(number, store) }
                let numbers = try await Self.numbers(store)
                #expect((200...204).contains(numbers.count))
                #expect(Set(busy).isSubset(of: numbers))
                let idle = Set(numbers).subtracting(busy).sorted()
                #expect(idle == Array((0..<5_010).filter { !busy.contains($0) }.suffix(idle.count)))
            }
        }
    }

    /// More of the oldest than are looked at at once: the search goes on where it has ended.
    @Test(arguments: StoreKind.allCases) func emptyQueuesAreFoundBehindManyThatAreNot(_ kind: StoreKind) async throws {
        try await kind.withStore(quotas: Self.quotas(1_400)) { store in
            for start in stride(from: 0, to: 1_400, by: 700) {
                _ = try await store.enqueue((start..<start + 700).map { job("a", in: Self.name($0)) })
            }
            for number in 1_400..<1_440 { try await Self.use(number, store) }
            let page = try await store.endpoints(
                of: "anonymous", from: nil, limit: Portion(count: 2_000, bytes: 1 << 20))
            #expect((1_400...1_420).contains(page.endpoints.count))
            #expect(page.endpoints.contains(Self.name(1_439).endpoint))
        }
    }

    /// Whatever has failed in between.
    @Test(arguments: StoreKind.allCases) func refusedJobLeavesNoQueue(_ kind: StoreKind) async throws {
        try await kind.withStore(quotas: Self.quotas(2)) { store in
            let large = ["a", "b"].map { job($0) { $0.body = .text(String(repeating: "x", count: 600_000)) } }
            _ = try await store.enqueue(large)
            for number in 0..<3 {
                await #expect(throws: StoreError.self) {
                    try await store.enqueue([job("a", in: Self.name(number)), job("a"), job("b")])
                }
            }
            try await Self.use(7, store)
            #expect(try await Set(store.endpoints(of: "anonymous")) == [queue.endpoint, Self.name(7).endpoint])
        }
    }
}
