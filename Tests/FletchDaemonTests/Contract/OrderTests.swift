import Testing

/// Who runs when, in a queue (A.7 of Quirrel's contract).
@Suite(.timeLimit(.minutes(3)))
struct OrderTests {
    @Test func exclusiveJobsOfTheSameMomentRunInTheOrderOfTheirIds() async throws {
        try await withQueue { queue in
            let ids = (0..<30).map { String(100 + $0) }
            let drafts = ids.shuffled().map { id in
                Draft(body: id, id: id, runAt: "2001-01-01T00:00:00Z", exclusive: true)
            }
            try await queue.api.enqueue(all: drafts, at: queue.endpoint)
            try await queue.api.waitUntilEmpty()
            #expect(queue.requests.map(\.body) == ids)
        }
    }

    @Test func exclusiveJobRunsAloneAndLaterOnesWait() async throws {
        try await withQueue({ $0.body == "last" ? .ok : .held(200) }) { queue in
            try await queue.api.enqueue(Draft(body: "plain"), at: queue.endpoint)
            try await queue.origin.wait(for: 1, at: "/")
            try await queue.api.enqueue(Draft(body: "exclusive", exclusive: true), at: queue.endpoint)
            try await queue.api.enqueue(Draft(body: "last"), at: queue.endpoint)
            // Another queue is not concerned.
            try await queue.settleOthersElsewhere()
            #expect(queue.requests.map(\.body) == ["plain"])
            queue.origin.releaseFirst()
            // Now that it runs, the later one waits still.
            try await queue.origin.wait(for: 2, at: "/")
            try await queue.settleOthersElsewhere()
            #expect(queue.requests.map(\.body) == ["plain", "exclusive"])
            queue.origin.release()
            try await queue.api.waitUntilEmpty()
            #expect(queue.requests.map(\.body) == ["plain", "exclusive", "last"])
        }
    }

    @Test func otherJobsRunSideBySide() async throws {
        try await withQueue({ _ in .held(200) }) { queue in
            try await queue.api.enqueue(all: (0..<50).map { Draft(body: "\($0)") }, at: queue.endpoint)
            // All of them, while none has been answered.
            try await queue.origin.wait(for: 50, at: "/")
            queue.origin.release()
            try await queue.api.waitUntilEmpty()
        }
    }

    @Test func noMoreRunAtOnceThanIsAllowed() async throws {
        try await withQueue({ _ in .held(200) }, ["--concurrency", "3"]) { queue in
            try await queue.api.enqueue(all: (0..<10).map { Draft(body: "\($0)") }, at: queue.endpoint)
            try await queue.origin.wait(for: 3, at: "/")
            for _ in 0..<20 { _ = try await queue.api.ask("GET", "/health") }
            #expect(queue.requests.count == 3)
            queue.origin.release()
            try await queue.api.waitUntilEmpty()
            #expect(queue.requests.count == 10)
        }
    }
}

extension Queue {
    /// Jobs of another queue, which is answered by another origin.
    fileprivate func settleOthersElsewhere() async throws {
        try await withOrigin { other in
            for number in 0..<10 {
                try await api.enqueue(Draft(id: "other-\(number)"), at: other.url("/"))
                try await api.waitUntilGone("other-\(number)", at: other.url("/"))
            }
        }
    }
}
