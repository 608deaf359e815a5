import FletchQueue
import Testing

/// What becomes a dead letter, and how dead letters are found.
@Suite struct DeadLetterTests {
    private static func name(_ tenant: String, _ path: String = "a") -> QueueName {
        QueueName(tenant: tenant, endpoint: "https://example.com/\(path)")
    }

    @Test(arguments: StoreKind.allCases)
    func runThatFailedForGoodIsKeptAsItWasWhenItWasDue(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([
                job("a", at: 7) {
                    $0.isExclusive = true
                    $0.retry = RetrySchedule(waits: [10])
                    $0.group = "g\u{0}"
                }
            ])
            var outcome = RunOutcome(.retry)
            outcome.error = "connect-failed"
            try await store.settle(try await store.leased(at: 10)[0], outcome, at: 20)
            #expect(try await store.deadLetters().isEmpty)
            try await store.settle(try await store.leased(at: 40)[0], RunOutcome(.retry, status: 500), at: 50)
            var expected = job("a", at: 7).job
            expected.isExclusive = true
            expected.retry = RetrySchedule(waits: [10])
            expected.group = "g\u{0}"
            expected.count = 2
            let letter = try #require(try await store.deadLetters().first)
            #expect(
                letter
                    == DeadLetter(
                        number: letter.number, job: expected, reason: .failed, status: 500, attempts: 2,
                        failedAt: at(50)))
            #expect(try await store.job(expected.key) == nil)
        }
    }

    static let ends: [(outcome: RunOutcome, reason: DeathReason)] = [
        (RunOutcome(.end, status: 404), .ended), (RunOutcome(.dead, status: 400), .failed),
        (RunOutcome(.retry, status: 503), .failed),
    ]

    @Test(arguments: StoreKind.allCases, ends)
    func reasonTellsAStatusThatEndsJobsFromRetriesThatAreUsedUp(
        _ kind: StoreKind, _ end: (outcome: RunOutcome, reason: DeathReason)
    ) async throws {
        try await kind.withStore { store in
            try await store.bury([job("a")], as: end.outcome)
            let letters = try await store.deadLetters()
            #expect(letters.map(\.reason) == [end.reason])
            #expect(letters.map(\.status) == [end.outcome.status])
            #expect(letters.map(\.error) == [nil])
        }
    }

    @Test(arguments: StoreKind.allCases) func errorIsKeptWhereNoAnswerCame(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            var outcome = RunOutcome(.retry)
            outcome.error = "deadline-exceeded"
            try await store.bury([job("a")], as: outcome)
            let letter = try #require(try await store.deadLetters().first)
            #expect(letter.status == nil && letter.error == "deadline-exceeded")
        }
    }

    @Test(arguments: StoreKind.allCases)
    func successAndWhatIsRetriedLeaveNoDeadLetter(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([job("a"), job("b") { $0.retry = RetrySchedule(waits: [9_000]) }])
            for leased in try await store.leased() {
                try await store.settle(leased, leased.job.key.id == "a" ? .succeeded : .failed)
            }
            #expect(try await store.deadLetters().isEmpty)
            #expect(try await store.deadLetterCount(of: "anonymous", matching: DeadLetterFilter()) == 0)
            #expect(try await store.newestDeadLetter(of: "anonymous") == nil)
        }
    }

    @Test(arguments: StoreKind.allCases, [true, false])
    func jobThatIsDeletedOrOverriddenWhileItRunsLeavesNoDeadLetter(
        _ kind: StoreKind, _ isOverridden: Bool
    ) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([job("a")])
            let leased = try await store.leased()[0]
            if isOverridden {
                _ = try await store.enqueue([job("a", at: 9_000, override: true)])
            } else {
                _ = try await store.delete([leased.job.key])
            }
            try await store.settle(leased, .gone)
            #expect(try await store.deadLetters().isEmpty)
        }
    }

    @Test(arguments: StoreKind.allCases) func scheduleGoesOnWithoutTheRunThatDied(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([job("a", at: 100) { $0.schedule = every(600) }])
            try await store.settle(try await store.leased(at: 100)[0], RunOutcome(.dead, status: 400), at: 200)
            let first = try #require(try await store.deadLetters().first)
            #expect(first.repeats)
            #expect(first.job.run == 1 && first.job.runAt == at(100) && first.job.schedule == every(600))
            #expect(try await store.job(first.job.key)?.runAt == at(700))
            try await store.settle(try await store.leased(at: 700)[0], .gone, at: 800)
            let letters = try await store.deadLetters()
            #expect(letters.map(\.repeats) == [false, true])
            #expect(letters.map(\.job.run) == [2, 1])
            #expect(try await store.job(first.job.key) == nil)
        }
    }

    /// The newest come first, and a page ends before the one that does not fit, but has one, however large.
    @Test(arguments: StoreKind.allCases) func pageIsBoundedInNumberAndBytes(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let sizes = [10, 20_000, 30_000, 30_000, 70_000, 80_000, 10, 10]
            try await store.bury(
                sizes.enumerated().map { index, size in
                    job("\(index)") { $0.body = Payload(Array(repeating: 0x78, count: size)) }
                })
            let parts = try await store.deadLetterPages(by: Portion(count: 4, bytes: 64_000)).map(\.ids)
            #expect(parts == [["7", "6"], ["5"], ["4"], ["3", "2"], ["1", "0"]])
            #expect(try await store.deadLetterPages(by: Portion(count: 3, bytes: 1 << 20)).map(\.count) == [3, 3, 2])
            #expect(try await store.deadLetterPages(by: Portion(count: 8, bytes: 1 << 20)).map(\.count) == [8])
        }
    }

    @Test(arguments: StoreKind.allCases) func filterLetsThroughWhatMatchesAllOfIt(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.bury([job("a")], as: RunOutcome(.end, status: 404), at: 10)
            try await store.bury([job("b", in: other)], as: RunOutcome(.retry, status: 500), at: 20)
            try await store.bury([job("c")], as: RunOutcome(.retry, status: 500), at: 30)
            try await store.bury([job("d")], as: RunOutcome(.retry), at: 40)
            let filters: [(DeadLetterFilter, [String])] = [
                (matching(), ["d", "c", "b", "a"]), (matching(queue.endpoint), ["d", "c", "a"]),
                (matching(reason: .failed), ["d", "c", "b"]), (matching(reason: .expired), []),
                (matching(status: 500), ["c", "b"]), (matching(before: 30), ["b", "a"]),
                (matching(queue.endpoint, reason: .failed, status: 500), ["c"]),
                (matching(queue.endpoint, before: 31), ["c", "a"]), (matching(reason: .failed, status: 404), []),
                (matching("https://example.com/unknown"), []),
            ]
            for (filter, ids) in filters {
                for tenant in ["anonymous", nil] {
                    #expect(try await store.deadLetters(of: tenant, filter).ids == ids, "\(filter)")
                    #expect(
                        try await store.deadLetterPages(of: tenant, filter, by: Portion(count: 1, bytes: 0))
                            .flatMap(\.ids) == ids)
                }
                #expect(try await store.deadLetterCount(of: "anonymous", matching: filter) == ids.count)
                let oldest = try await store.oldestDeadLetters(
                    of: "anonymous", matching: filter, after: 0, through: .max,
                    limit: Portion(count: 100, bytes: 1 << 20))
                #expect(oldest.map(\.job.id) == ids.reversed())
            }
        }
    }

    /// Whoever looks for what is rare holds up no transaction: it gets a page without a dead letter, and asks further.
    @Test(arguments: StoreKind.allCases) func rareDeadLetterIsFoundPageByPage(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.bury([job("rare")])
            for start in stride(from: 0, to: 10_500, by: 500) {
                let jobs = (start..<start + 500).map { job("\($0)") { $0.body = "" } }
                try await store.bury(jobs, as: RunOutcome(.dead, status: 400))
            }
            let limit = Portion(count: 100, bytes: 1 << 20)
            for tenant in ["anonymous", nil] {
                for endpoint in [queue.endpoint, nil] {
                    let filter = matching(endpoint, reason: .ended)
                    let pages = try await store.deadLetterPages(of: tenant, filter, by: limit)
                    #expect(pages.map(\.ids) == [[], ["rare"]])
                }
            }
            #expect(try await store.deadLetterCount(of: "anonymous", matching: matching(status: 400)) == 10_500)
        }
    }

    @Test(arguments: StoreKind.allCases) func deadLettersOfAllTenantsComeInOneOrder(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let tenants = ["a", "b", "é", "e\u{301}"]
            for index in 0..<40 {
                try await store.bury([job("\(index)", in: Self.name(tenants[index * index % 7 % 4]))])
                try await store.bury([job("\(index)", in: Self.name("a", "b"))])
            }
            let limit = Portion(count: 7, bytes: 1 << 20)
            let newestFirst = (0..<40).reversed().map { "\($0)" }
            let one = try await store.deadLetters(of: nil, matching(Self.name("a").endpoint), by: limit)
            #expect(one.ids == newestFirst)
            let owners: [String] = (0..<40).reversed().map { (index: Int) in tenants[index * index % 7 % 4] }
            #expect(one.map(\.job.key.queue.tenant) == owners)
            let all = try await store.deadLetters(of: nil, by: limit)
            #expect(all.ids == newestFirst.flatMap { [$0, $0] })
            let own = try await store.deadLetters(of: "é", by: limit)
            #expect(own.ids == newestFirst.filter { Int($0).map { $0 * $0 % 7 % 4 } == 2 })
        }
    }

    @Test(arguments: StoreKind.allCases) func deadLetterIsItsTenantsAlone(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.bury([job("x", in: Self.name("é")), job("y", in: Self.name("b"))])
            let letter = try #require(try await store.deadLetters(of: "é").first)
            #expect(letter.job.key == JobKey(Self.name("é"), "x"))
            #expect(try await store.deadLetters(of: "e\u{301}").isEmpty)
            for tenant in ["é", nil] {
                #expect(try await store.deadLetter(letter.number, of: tenant)?.letter == letter)
            }
            for tenant in ["b", "", "e\u{301}"] {
                #expect(try await store.deadLetter(letter.number, of: tenant)?.letter == nil)
                let replay = Replay(number: letter.number, instance: "1")
                #expect(try await store.replay([replay], of: tenant, at: at(0)).isEmpty)
                #expect(try await !store.deleteDeadLetter(letter.number, of: tenant))
            }
            #expect(try await store.deadLetters(of: "é") == [letter])
        }
    }

    @Test(arguments: StoreKind.allCases, [0, -1, 2, Int64.max, Int64.min])
    func numberThatNoneHasFindsNothing(_ kind: StoreKind, _ number: Int64) async throws {
        try await kind.withStore { store in
            try await store.bury([job("a")])
            #expect(try await store.deadLetters().map(\.number) == [1])
            #expect(try await store.deadLetter(number, of: nil)?.letter == nil)
            let replay = Replay(number: number, instance: "1")
            #expect(try await store.replay([replay], of: "anonymous", at: at(0)).isEmpty)
            #expect(try await !store.deleteDeadLetter(number, of: "anonymous"))
            #expect(try await store.deadLetters().count == 1)
        }
    }

    @Test(arguments: StoreKind.allCases, ["", "\0", "a\0b", "é", "e\u{301}", "%", "'"])
    func idsAndBodiesAreOpaque(_ kind: StoreKind, _ id: String) async throws {
        try await kind.withStore { store in
            try await store.bury([job(id) { $0.body = .text(id) }, job("another")])
            let letter = try #require(try await store.deadLetters().first { $0.job.key == JobKey(queue, id) })
            #expect(letter.job.body.bytes == Array(id.utf8))
            #expect(try await store.replay(letter, as: "1")?.key == JobKey(queue, id))
        }
    }

    @Test(arguments: StoreKind.allCases) func deadLettersOutliveTheProcess(_ kind: StoreKind) async throws {
        try await kind.withReopenedStore([Quotas(), Quotas()]) { store, opening in
            if opening == 0 {
                try await store.bury([job("a")], as: RunOutcome(.retry, status: 500))
            } else {
                let letter = try #require(try await store.deadLetters().first)
                #expect(letter.job.body == "body of a" && letter.status == 500)
                #expect(try await store.deadLetter(letter.number, of: nil)?.attempts.map(\.status) == [500])
                // No number comes back.
                #expect(try await store.deleteDeadLetter(letter.number, of: "anonymous"))
                try await store.bury([job("b")])
                #expect(try await store.newestDeadLetter(of: "anonymous") == letter.number + 1)
            }
        }
    }
}
