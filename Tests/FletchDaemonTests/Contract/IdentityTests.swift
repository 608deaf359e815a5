import Testing

/// Ids, what replaces a job, and what becomes of failures (A.5, A.6 of Quirrel's contract).
@Suite(.timeLimit(.minutes(3)))
struct IdentityTests {
    @Test func idIsTakenOnceWhileItsJobIsThereAndFreeAfterwards() async throws {
        try await withQueue({ _ in .held(200) }) { queue in
            let first = try await queue.api.enqueue(
                Draft(body: "first", id: "same", delay: 3_600_000), at: queue.endpoint)
            // While it waits, and while it runs.
            #expect(try await queue.api.enqueue(Draft(body: "second", id: "same"), at: queue.endpoint) == first)
            #expect(try await queue.api.invoke("same", at: queue.endpoint))
            try await queue.origin.wait(for: 1, at: "/")
            #expect(try await queue.api.enqueue(Draft(body: "third", id: "same"), at: queue.endpoint).body == "first")
            queue.origin.release()
            try await queue.api.waitUntilGone("same", at: queue.endpoint)
            #expect(queue.requests.map(\.body) == ["first"])
            try await queue.api.enqueue(Draft(body: "fourth", id: "same"), at: queue.endpoint)
            try await queue.api.waitUntilGone("same", at: queue.endpoint)
            #expect(queue.requests.map(\.body) == ["first", "fourth"])
        }
    }

    @Test func jobThatIsReplacedDuringItsRunRunsAnew() async throws {
        try await withQueue({ $0.body == "old" ? .held(200) : .ok }) { queue in
            try await queue.api.enqueue(Draft(body: "old", id: "job"), at: queue.endpoint)
            try await queue.origin.wait(for: 1, at: "/")
            let new = Draft(body: "new", id: "job", delay: 3_600_000, override: true)
            let stored = try await queue.api.enqueue(new, at: queue.endpoint)
            queue.origin.release()
            // The end of the old run neither deletes nor moves the new job.
            try await queue.settleOthers()
            #expect(try await queue.api.job("job", at: queue.endpoint) == stored)
            #expect(stored.count == 1)
            #expect(try await queue.api.invoke("job", at: queue.endpoint))
            try await queue.api.waitUntilGone("job", at: queue.endpoint)
            #expect(queue.requests.map(\.body) == ["old", "new"])
        }
    }

    @Test func replacedJobRunsOnlyAsTheNewOneSays() async throws {
        try await withQueue { queue in
            try await queue.api.enqueue(Draft(body: "old", id: "job", delay: 3_600_000), at: queue.endpoint)
            try await queue.api.enqueue(Draft(body: "new", id: "job", override: true), at: queue.endpoint)
            try await queue.api.waitUntilGone("job", at: queue.endpoint)
            #expect(queue.requests.map(\.body) == ["new"])
        }
    }

    /// The first run is 1, and counted once it is over: after the first retry it stands before the third.
    @Test func countReadsThreeAfterTheFirstRetry() async throws {
        try await withQueue({ _ in .status(500) }) { queue in
            let draft = Draft(id: "job", retry: [1, 3_600_000, 1])
            try await queue.api.enqueue(draft, at: queue.endpoint)
            try await queue.origin.wait(for: 2, at: "/")
            try await polled("count 3") {
                try await queue.api.job("job", at: queue.endpoint)?.count == 3 ? () : nil
            }
            // An hour early; the one after that comes by itself.
            #expect(try await queue.api.invoke("job", at: queue.endpoint))
            try await queue.api.waitUntilGone("job", at: queue.endpoint)
            #expect(queue.requests.count == 4)
        }
    }

    @Test func retriesWaitAsLongAsTheyAreTold() async throws {
        try await withQueue({ _ in .status(500) }) { queue in
            try await queue.api.enqueue(Draft(id: "job", retry: [200, 100]), at: queue.endpoint)
            try await queue.api.waitUntilGone("job", at: queue.endpoint)
            let moments = queue.requests.map(\.arrivedAt)
            try #require(moments.count == 3)
            #expect(moments[1] - moments[0] >= .milliseconds(199))
            #expect(moments[2] - moments[1] >= .milliseconds(99))
        }
    }

    @Test func successEndsTheRetries() async throws {
        try await withQueue({ $0.attempt == 1 ? .status(500) : .ok }) { queue in
            try await queue.api.enqueue(Draft(id: "job", retry: [1, 1, 1]), at: queue.endpoint)
            try await queue.api.waitUntilGone("job", at: queue.endpoint)
            #expect(queue.requests.count == 2)
        }
    }

    @Test func pastTimeIsNowAndComesBeforeTheDelay() async throws {
        try await withQueue { queue in
            let draft = Draft(id: "job", runAt: "1999-12-31T23:59:59Z", delay: 3_600_000)
            try await queue.api.enqueue(draft, at: queue.endpoint)
            try await queue.api.waitUntilGone("job", at: queue.endpoint)
            #expect(queue.requests.count == 1)
        }
    }

    @Test func hugeDelayDisturbsNothing() async throws {
        try await withQueue { queue in
            try await queue.api.enqueue(Draft(id: "later", delay: 1 << 33), at: queue.endpoint)
            try await queue.settleOthers()
            #expect(queue.requests.isEmpty)
            #expect(try await queue.api.job("later", at: queue.endpoint) != nil)
        }
    }

    @Test func deletedJobDoesNotRun() async throws {
        try await withQueue { queue in
            try await queue.api.enqueue(Draft(id: "job", delay: 5_000), at: queue.endpoint)
            #expect(try await queue.api.delete("job", at: queue.endpoint))
            try await queue.api.enqueue(Draft(id: "other", delay: 5_100), at: queue.origin.url("/other"))
            try await queue.origin.wait(for: 1, at: "/other")
            #expect(queue.requests.isEmpty)
        }
    }

    /// A path may hold more than most routers allow.
    @Test func longEndpointWorks() async throws {
        try await withQueue { queue in
            let path = "/" + String(repeating: "long/", count: 300)
            try await queue.api.enqueue(Draft(id: "job"), at: queue.origin.url(path))
            try await queue.api.waitUntilGone("job", at: queue.origin.url(path))
            #expect(queue.origin.records.value.requests(to: path).count == 1)
        }
    }
}
