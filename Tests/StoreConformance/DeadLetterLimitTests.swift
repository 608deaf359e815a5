import FletchQueue
import Testing

/// Which dead letters go, and when.
@Suite struct DeadLetterLimitTests {
    private static let stranger = QueueName(tenant: "stranger", endpoint: queue.endpoint)

    private static func quotas(count: Int = 100_000, bytes: Int = 1 << 30, queues: Int = 100_000) -> Quotas {
        var quotas = Quotas()
        (quotas.maximumDeadLetterCount, quotas.maximumDeadLetterBytes) = (count, bytes)
        quotas.maximumQueueCount = queues
        return quotas
    }

    private static func sized(_ id: String, in queue: QueueName = queue, bytes: Int) -> NewJob {
        job(id, in: queue) { $0.body = Payload(Array(repeating: 0x78, count: bytes)) }
    }

    @Test(arguments: StoreKind.allCases) func oldestGoWhereATenantHasTooMany(_ kind: StoreKind) async throws {
        try await kind.withStore(quotas: Self.quotas(count: 3)) { store in
            try await store.bury([job("stranger's", in: Self.stranger)])
            try await store.bury((0..<5).map { job("\($0)", in: $0.isMultiple(of: 2) ? queue : other) })
            #expect(try await store.deadLetters().ids == ["4", "3", "2"])
            #expect(try await store.deadLetters(of: "stranger").ids == ["stranger's"])
            #expect(try await store.droppedDeadLetterCount() == 2)
            // What is replayed or deleted makes room.
            let letters = try await store.deadLetters()
            #expect(try await store.deleteDeadLetter(letters[0].number, of: "anonymous"))
            _ = try await store.replay(letters[1], as: "new")
            try await store.bury([job("5"), job("6")], at: 900)
            #expect(try await store.deadLetters().ids == ["6", "5", "2"])
            #expect(try await store.droppedDeadLetterCount() == 2)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func oldestOfTheTenantWithMostBytesGoWhereBodiesAreTooLarge(_ kind: StoreKind) async throws {
        try await kind.withStore(quotas: Self.quotas(bytes: 100)) { store in
            try await store.bury([Self.sized("a", in: Self.stranger, bytes: 40)])
            try await store.bury([Self.sized("b", bytes: 0)])
            try await store.bury([Self.sized("c", bytes: 59), Self.sized("d", bytes: 1)])
            #expect(try await store.deadLetters(of: nil).ids == ["d", "c", "b", "a"])
            // Though the other tenant's is older, and it is that one which has too many now.
            try await store.bury([Self.sized("e", in: Self.stranger, bytes: 1)])
            #expect(try await store.deadLetters(of: nil).ids == ["e", "d", "a"])
            try await store.bury([Self.sized("f", bytes: 30)])
            try await store.bury([Self.sized("g", bytes: 29)])
            #expect(try await store.deadLetters(of: nil).ids == ["g", "f", "e", "a"])
            #expect(try await store.droppedDeadLetterCount() == 3)
            // One that is too large by itself does not stay, either.
            try await store.bury([Self.sized("h", bytes: 101)])
            #expect(try await store.deadLetters(of: nil).ids == ["e", "a"])
        }
    }

    /// However much one tenant's failures have, what the others have stays.
    @Test(arguments: StoreKind.allCases) func tenantFlushesNoDeadLettersButItsOwn(_ kind: StoreKind) async throws {
        try await kind.withStore(quotas: Self.quotas(bytes: 1_000)) { store in
            let others = (0..<5).map { QueueName(tenant: "\($0)", endpoint: queue.endpoint) }
            for (number, name) in others.enumerated() {
                try await store.bury([Self.sized("\(number)", in: name, bytes: 100)])
            }
            try await store.bury((0..<200).map { Self.sized("flood \($0)", in: Self.stranger, bytes: 90) })
            for (number, name) in others.enumerated() {
                #expect(try await store.deadLetters(of: name.tenant).ids == ["\(number)"])
            }
            #expect(try await store.deadLetters(of: "stranger").count == 5)
            #expect(try await store.droppedDeadLetterCount() == 195)
        }
    }

    /// An operator may lower a limit below what is there.
    @Test(arguments: StoreKind.allCases, [quotas(count: 7), quotas(bytes: 70)])
    func lowerLimitHoldsForWhatIsThere(_ kind: StoreKind, _ quotas: Quotas) async throws {
        try await kind.withReopenedStore([Quotas(), quotas]) { store, opening in
            if opening == 0 {
                for start in stride(from: 1_000, to: 2_200, by: 400) {
                    try await store.bury((start..<start + 400).map { Self.sized("\($0)", bytes: 10) })
                }
            } else {
                #expect(try await store.dropDeadLetters(failedBefore: at(0)) == 1_193)
                #expect(try await store.deadLetters().ids == (2_193..<2_200).reversed().map { "\($0)" })
                #expect(try await store.droppedDeadLetterCount() == 1_193)
                #expect(try await store.dropDeadLetters(failedBefore: at(0)) == 0)
            }
        }
    }

    /// In more portions than one, whosever they are.
    @Test(arguments: StoreKind.allCases) func deadLettersGoWhenTheyAreOldEnough(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.bury((0..<1_100).map { job("\($0)") }, at: 100)
            try await store.bury([job("a", in: Self.stranger)], at: 100)
            try await store.bury([job("b", in: Self.stranger)], at: 101)
            #expect(try await store.dropDeadLetters(failedBefore: at(100)) == 0)
            #expect(try await store.dropDeadLetters(failedBefore: at(101)) == 1_101)
            #expect(try await store.deadLetters(of: nil).ids == ["b"])
            #expect(try await store.droppedDeadLetterCount() == 1_101)
        }
    }

    /// A process that is told to end does not wait for all of them.
    @Test(arguments: StoreKind.allCases) func droppingEndsAfterAPortionIfItIsCancelled(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.bury((0..<1_100).map { job("\($0)") }, at: 100)
            let dropping = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await store.dropDeadLetters(failedBefore: at(101))
            }
            let count = try await dropping.value
            #expect((1..<1_100).contains(count))
            #expect(try await store.dropDeadLetters(failedBefore: at(101)) == 1_100 - count)
        }
    }

    @Test(arguments: StoreKind.allCases) func deletedDeadLetterIsGoneAlone(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.bury([job("a"), job("b")])
            let letters = try await store.deadLetters()
            #expect(try await store.deleteDeadLetter(letters[0].number, of: "anonymous"))
            #expect(try await !store.deleteDeadLetter(letters[0].number, of: "anonymous"))
            #expect(try await store.deadLetters() == [letters[1]])
            #expect(try await store.attempts(of: "b", in: queue.scope) == nil)
            #expect(try await store.droppedDeadLetterCount() == 0)
        }
    }

    /// More than are deleted in one transaction; its jobs, and other queues, stay.
    @Test(arguments: StoreKind.allCases) func deadLettersOfAQueueAreDeleted(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.bury((0..<1_100).map { job("\($0)") } + [job("kept", in: other)])
            try await store.bury([job("kept, too", in: Self.stranger)])
            _ = try await store.enqueue([job("job", at: 9_000)])
            try await store.deleteDeadLetters(of: queue)
            try await store.deleteDeadLetters(of: QueueName(tenant: "nobody", endpoint: queue.endpoint))
            #expect(try await store.deadLetters(of: nil).ids == ["kept, too", "kept"])
            #expect(try await store.counts(of: "anonymous") == [queue.endpoint: 1])
            #expect(try await store.droppedDeadLetterCount() == 0)
        }
    }

    @Test(arguments: StoreKind.allCases) func queueWithADeadLetterIsNotForgotten(_ kind: StoreKind) async throws {
        try await kind.withStore(quotas: Self.quotas(queues: 1)) { store in
            try await store.bury([job("a")])
            for number in 0..<5 {
                let key = JobKey(QueueName(tenant: "anonymous", endpoint: "https://example.com/\(number)"), "x")
                _ = try await store.enqueue([job("x", in: key.queue)])
                _ = try await store.delete([key])
            }
            #expect(try await store.endpoints(of: "anonymous").contains(queue.endpoint))
            let letter = try #require(try await store.deadLetters().first)
            #expect(try await store.replay(letter, as: "new")?.key == JobKey(queue, "a"))
        }
    }

    private static func revoke(_ tenant: String, _ store: any TenantStore) async throws {
        try await store.issue(
            TenantToken(
                tenant: tenant, scope: .all, digest: TokenDigest(Array(repeating: 1, count: 32)),
                secret: StoredSecret(bytes: [1], keyID: nil), issuedAt: at(1)))
        #expect(try await store.revoke(tenant))
    }

    /// At once, however many there are, and though they are deleted later.
    @Test(arguments: StoreKind.allCases)
    func nobodyFindsTheDeadLettersOfARevokedTenant(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.bury((0..<1_100).map { job("\($0)", in: Self.stranger) } + [job("left")])
            let old = try #require(try await store.deadLetters(of: "stranger").first)
            try await Self.revoke("stranger", store)
            for isDeleted in [false, true] {
                if isDeleted { try await store.deleteRevoked() }
                #expect(try await store.deadLetters(of: "stranger").isEmpty)
                #expect(try await store.deadLetters(of: nil).ids == ["left"])
                #expect(try await store.deadLetters(of: nil, matching(queue.endpoint)).ids == ["left"])
                #expect(try await store.deadLetter(old.number, of: nil)?.letter == nil)
                #expect(try await store.deadLetter(old.number, of: "stranger")?.letter == nil)
                #expect(try await store.deadLetterCount(of: "stranger", matching: DeadLetterFilter()) == 0)
                #expect(try await store.attempts(of: old.job.key.id, in: Self.stranger.scope) == nil)
                let all = QueueScope(tenant: nil, endpoint: queue.endpoint)
                #expect(try await store.attempts(of: old.job.key.id, in: all) == nil)
                #expect(try await store.replay(old, as: "new") == nil)
                #expect(try await !store.deleteDeadLetter(old.number, of: "stranger"))
            }
            #expect(try await store.tenants(from: nil, limit: 9).tenants.map(\.id) == ["anonymous"])
            #expect(try await store.droppedDeadLetterCount() == 0)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func whoeverHasTheNameOfARevokedTenantHasDeadLettersOfItsOwn(_ kind: StoreKind) async throws {
        try await kind.withStore(quotas: Self.quotas(count: 3)) { store in
            try await store.bury((0..<3).map { job("old \($0)", in: Self.stranger) })
            _ = try await store.enqueue([job("running", in: Self.stranger)])
            let running = try await store.leased()[0]
            try await Self.revoke("stranger", store)
            try await store.bury((0..<3).map { job("new \($0)", in: Self.stranger) })
            // Whose that was is no more.
            try await store.settle(running, .gone)
            #expect(try await store.deadLetters(of: "stranger").ids == ["new 2", "new 1", "new 0"])
            #expect(try await store.droppedDeadLetterCount() == 0)
            try await store.deleteRevoked()
            try await store.bury([job("new 3", in: Self.stranger)])
            #expect(try await store.deadLetters(of: nil).ids == ["new 3", "new 2", "new 1"])
            #expect(try await store.droppedDeadLetterCount() == 1)
        }
    }
}
