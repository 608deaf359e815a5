import FletchQueue
import Testing

/// What few jobs ask for is kept with them, wherever they are.
@Suite struct OptionTests {
    private static var options: JobOptions {
        var options = JobOptions()
        options.method = "PUT"
        options.headers = [JobHeader("X-One", "1"), JobHeader("x-é", "\u{1}\"é"), JobHeader("", "")]
        options.timeout = 3_600_000
        options.expiresAt = at(.max)
        options.retryPolicy = JobRetryPolicy(attempts: 3, base: 10, factor: 1.5, maximum: 20, jitter: .off)
        options.until = .answered
        options.missed = .all
        options.callback = "https://example.com/done"
        options.failureCallback = "https://example.com/failed"
        options.url = "https://example.com/real"
        options.isForwarded = true
        options.isCallback = true
        return options
    }

    private static let asking = job("a") {
        $0.options = options
        $0.body = Payload([0xFF, 0, 0x61])
    }

    /// Without callbacks, which would be stored when it ends.
    private static var quiet: NewJob {
        var new = asking
        (new.job.options.callback, new.job.options.failureCallback) = (nil, nil)
        return new
    }

    @Test(arguments: StoreKind.allCases) func optionsAndBytesComeBackAsTheyWere(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let stored = try await store.enqueue([Self.asking, job("b")])
            #expect(stored == [Self.asking.job, job("b").job])
            let limit = Portion(count: 10, bytes: 1 << 20)
            let page = try await store.jobs(in: queue, from: 0, through: .max, limit: limit)
            #expect(page.jobs == stored)
            #expect(try await store.job(stored[0].key) == stored[0])
            let leased = try await store.leased()
            #expect(leased.map(\.job.options) == [Self.options, JobOptions()])
            #expect(leased.map(\.job.body) == [.bytes([0xFF, 0, 0x61]), "body of b"])
        }
    }

    @Test(arguments: StoreKind.allCases) func overrideReplacesOptions(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([Self.asking])
            _ = try await store.enqueue([job("a", override: true)])
            #expect(try await store.job(JobKey(queue, "a"))?.options == JobOptions())
            _ = try await store.enqueue([job("a", override: true) { $0.options = Self.options }])
            #expect(try await store.job(JobKey(queue, "a"))?.options == Self.options)
            // One that is there already stays as it is.
            _ = try await store.enqueue([job("a") { $0.options.method = "GET" }])
            #expect(try await store.job(JobKey(queue, "a"))?.options == Self.options)
        }
    }

    @Test(arguments: StoreKind.allCases) func deadLetterAndItsReplayHaveThem(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.bury([Self.quiet])
            let letter = try #require(try await store.deadLetters().first)
            #expect(letter.job.options == Self.quiet.job.options && letter.job.body == Self.quiet.job.body)
            let replayed = try #require(try await store.replay(letter, as: "new"))
            #expect(replayed.options == Self.quiet.job.options && replayed.body == Self.quiet.job.body)
            #expect(try await store.leased(at: 5_000).map(\.job.options) == [Self.quiet.job.options])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func repeatingJobKeepsItsOptionsBesideItsDeadLetter(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([
                job("a") {
                    $0.schedule = every(600)
                    $0.options.method = "PUT"
                }
            ])
            try await store.settle(try await store.leased(at: 0)[0], RunOutcome(.dead, status: 400), at: 0)
            #expect(try await store.deadLetters().first?.job.options.method == "PUT")
            #expect(try await store.leased(at: 600).map(\.job.options.method) == ["PUT"])
        }
    }

    /// Numbers of jobs may come back.
    @Test(arguments: StoreKind.allCases) func nothingIsLeftOfAJobThatIsGone(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([Self.quiet])
            try await store.settle(try await store.leased()[0])
            _ = try await store.enqueue([Self.quiet])
            _ = try await store.delete([JobKey(queue, "a")])
            _ = try await store.enqueue([Self.quiet])
            try await store.empty(queue)
            _ = try await store.enqueue([job("z")])
            #expect(try await store.leased().map(\.job.options) == [JobOptions()])
        }
    }
}
