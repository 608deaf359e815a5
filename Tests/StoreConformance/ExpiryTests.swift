import FletchQueue
import Testing

/// A delivery that has not begun when its job expires is not made.
@Suite struct ExpiryTests {
    private static func expiring(
        _ id: String, at moment: Int64 = 0, expires end: Int64, _ change: (inout Job) -> Void = { _ in }
    ) -> NewJob {
        job(id, at: moment) {
            $0.options.expiresAt = at(end)
            change(&$0)
        }
    }

    @Test(arguments: StoreKind.allCases) func jobThatHasExpiredBecomesADeadLetter(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let new = Self.expiring("a", expires: 500)
            _ = try await store.enqueue([new, job("b")])
            let leasing = try await store.lease(10, at: at(500))
            #expect(leasing.jobs.ids == ["b"])
            #expect(leasing.expired == [new.job.key])
            let letter = try #require(try await store.deadLetters().first)
            #expect(
                letter
                    == DeadLetter(
                        number: letter.number, job: new.job, reason: .expired, attempts: 0, failedAt: at(500)))
            #expect(try await store.job(new.job.key) == nil)
            #expect(try await store.counts(of: "anonymous") == [queue.endpoint: 1])
        }
    }

    @Test(arguments: StoreKind.allCases) func jobIsLeasedUntilItExpires(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([Self.expiring("a", expires: 500)])
            #expect(try await store.leased(at: 499).ids == ["a"])
            // What has begun goes on.
            let later = try await store.lease(10, at: at(900))
            #expect(later.expired.isEmpty && later.nextDue == nil)
            #expect(try await store.deadLetters().isEmpty)
        }
    }

    @Test(arguments: StoreKind.allCases) func storeTellsWhenTheNextOneExpires(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([
                Self.expiring("a", at: 9_000, expires: 500), Self.expiring("b", at: 50, expires: 800),
            ])
            #expect(try await store.lease(10, at: at(0)).nextDue == at(50))
            #expect(try await store.lease(10, at: at(100)).nextDue == at(500))
            // Then it looks once more what is left.
            _ = try await store.lease(10, at: at(500))
            #expect(try await store.lease(10, at: at(500)).nextDue == nil)
        }
    }

    @Test(arguments: StoreKind.allCases) func jobExpiresWhileItsGateIsShut(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            var policy = Policy()
            policy.isPaused = true
            try await store.set(policy, for: .queue(queue.endpoint), of: "anonymous", by: nil)
            _ = try await store.enqueue([Self.expiring("a", expires: 500), job("b")])
            #expect(try await store.lease(10, at: at(400)).jobs.isEmpty)
            #expect(try await store.lease(10, at: at(500)).expired == [JobKey(queue, "a")])
            try await store.set(nil, for: .queue(queue.endpoint), of: "anonymous", by: nil)
            #expect(try await store.leased(at: 600).ids == ["b"])
        }
    }

    @Test(arguments: StoreKind.allCases) func jobThatIsHandedBackExpires(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([Self.expiring("a", expires: 500)])
            let leased = try await store.leased(at: 0)[0]
            try await store.release([Handback(leased.lease, at: at(100))])
            let leasing = try await store.lease(10, at: at(500))
            #expect(leasing.jobs.isEmpty && leasing.expired.count == 1)
        }
    }

    @Test(arguments: StoreKind.allCases) func retryThatWaitsInTimeExpires(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([
                Self.expiring("a", expires: 500) { $0.retry = RetrySchedule(waits: [400, 400]) }
            ])
            try await store.settle(try await store.leased(at: 0)[0], .failed, at: 50)
            #expect(try await store.lease(10, at: at(100)).nextDue == at(450))
            let leasing = try await store.lease(10, at: at(501))
            #expect(leasing.jobs.isEmpty && leasing.expired.count == 1)
            let letter = try #require(try await store.deadLetters().first)
            #expect(letter.reason == .expired && letter.attempts == 0)
            #expect(try await store.attempts(of: "a", in: queue.scope)?.count == 1)
        }
    }

    @Test(arguments: StoreKind.allCases) func retryAfterTheExpiryIsNotMade(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([Self.expiring("a", expires: 500) { $0.retry = RetrySchedule(waits: [451]) }])
            try await store.settle(try await store.leased(at: 0)[0], .failed, at: 50)
            #expect(try await store.deadLetters().map(\.reason) == [.failed])
        }
    }

    @Test(arguments: StoreKind.allCases) func jobThatHasExpiredWhenItIsStoredIsDeadAtOnce(_ kind: StoreKind)
        async throws
    {
        try await kind.withStore { store in
            var new = Self.expiring("a", at: 900, expires: 500) { $0.schedule = every(100) }
            new.expiredAt = at(600)
            #expect(try await store.enqueue([new]) == [new.job])
            #expect(try await store.job(new.job.key) == nil)
            let letters = try await store.deadLetters()
            #expect(letters.map(\.reason) == [.expired])
            #expect(letters.map(\.failedAt) == [at(600)])
            #expect(letters.map(\.repeats) == [false])
            #expect(try await store.lease(10, at: at(2_000)) == Leasing(jobs: [], nextDue: nil))
        }
    }

    @Test(arguments: StoreKind.allCases) func expiryEndsAScheduleWithOneDeadLetter(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([Self.expiring("a", expires: 150) { $0.schedule = every(100) }])
            for moment: Int64 in [0, 100] {
                try await store.settle(try await store.leased(at: moment)[0], at: moment)
            }
            #expect(try await store.lease(10, at: at(200)).expired.count == 1)
            #expect(try await store.deadLetters().map(\.reason) == [.expired])
            #expect(try await store.job(JobKey(queue, "a")) == nil)
        }
    }

    @Test(arguments: StoreKind.allCases) func replayDoesNotExpireAgain(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([Self.expiring("a", expires: 500)])
            _ = try await store.lease(10, at: at(500))
            let letter = try #require(try await store.deadLetters().first)
            #expect(try await store.replay(letter, as: "new")?.options.expiresAt == nil)
            #expect(try await store.leased(at: 5_000).ids == ["a"])
        }
    }

    @Test(arguments: StoreKind.allCases) func manyExpireOverSeveralLeases(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue((0..<250).map { Self.expiring("\($0)", expires: 500) })
            var expired = 0
            for _ in 0..<3 { expired += try await store.lease(10, at: at(600)).expired.count }
            #expect(expired == 250)
            #expect(try await store.counts(of: "anonymous").isEmpty)
        }
    }

    /// So many that a lane is not looked at whole: what comes behind them is found when they are gone.
    @Test(arguments: StoreKind.allCases) func jobBehindThousandsThatHaveExpiredIsLeased(_ kind: StoreKind) async throws
    {
        try await kind.withStore { store in
            _ = try await store.enqueue((0..<2_300).map { Self.expiring("a\($0)", expires: 500) })
            _ = try await store.enqueue([job("b", at: 100), job("c", at: 60_000)])
            var leased: [String] = []
            for _ in 0..<30 { leased += try await store.lease(10, at: at(500)).jobs.ids }
            #expect(leased == ["b"])
            #expect(try await store.counts(of: "anonymous") == [queue.endpoint: 2])
        }
    }

    @Test(arguments: StoreKind.allCases) func groupGoesOnAfterAJobThatHasExpired(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([
                Self.expiring("a", expires: 500) {
                    $0.group = "g"
                    $0.retry = RetrySchedule(waits: [449])
                }, job("b", at: 10) { $0.group = "g" },
            ])
            try await store.settle(try await store.leased(at: 0)[0], .failed, at: 50)
            // The retry keeps its group shut.
            #expect(try await store.leased(at: 100).isEmpty)
            #expect(try await store.leased(at: 500).ids == ["b"])
        }
    }

    @Test(arguments: StoreKind.allCases) func processThatDiedForgetsNoExpiry(_ kind: StoreKind) async throws {
        try await kind.withReopenedStore([Quotas(), Quotas()]) { store, index in
            if index == 0 {
                _ = try await store.enqueue([
                    Self.expiring("a", expires: 500), Self.expiring("b", at: 900, expires: 600),
                ])
                #expect(try await store.leased(at: 0).ids == ["a"])
            } else {
                #expect(try await store.lease(10, at: at(600)).expired.count == 2)
            }
        }
    }

    @Test(arguments: StoreKind.allCases) func expiryBringsNothingOfARevokedTenantBack(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let token = TenantToken(
                tenant: "anonymous", scope: .all, digest: TokenDigest(Array(repeating: 1, count: 32)),
                secret: StoredSecret(bytes: [1], keyID: nil), issuedAt: at(1))
            try await store.issue(token)
            _ = try await store.enqueue([Self.expiring("a", expires: 500), job("b")])
            _ = try await store.revoke("anonymous")
            for _ in 0..<2 {
                let leasing = try await store.lease(10, at: at(600))
                #expect(leasing.jobs.isEmpty && leasing.expired.isEmpty)
            }
            #expect(try await store.deadLetters().isEmpty)
        }
    }

    /// What has expired waits for its own transaction, and others do not wait for it.
    @Test(arguments: StoreKind.allCases) func othersAreLeasedBesideManyThatHaveExpired(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue((0..<150).map { Self.expiring("\($0)", expires: 500) } + [job("z", at: 550)])
            let leasing = try await store.lease(10, at: at(600))
            #expect(leasing.jobs.ids == ["z"])
            #expect((1..<150).contains(leasing.expired.count))
            #expect(leasing.nextDue.map { $0 <= at(600) } == true)
        }
    }
}
