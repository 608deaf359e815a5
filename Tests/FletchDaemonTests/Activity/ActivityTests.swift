import Foundation
import Testing

/// What readers of `GET /activity` are told (A.15 of Quirrel's contract), by a client that is not ours.
@Suite(.timeLimit(.minutes(3)))
struct ActivityTests {
    @Test func jobIsScheduledStartedAndCompleted() async throws {
        try await withQueue { queue in
            try await withReader(queue.daemon) { reader in
                #expect(reader.greeting == "open ")
                let job = try await queue.api.ask(
                    "POST", API.path(queue.endpoint), body: #"{"id":"a","body":"é","retry":[5]}"#)
                let events = try await reader.wait(for: 3)
                #expect(events.map(\.name) == ["scheduled", "started", "completed"])
                #expect(events.first?.text == "[\"scheduled\",\(job.body)]")
                for (event, name) in zip(events.dropFirst(), ["started", "completed"]) {
                    #expect(event.text == #"["\#(name)",{"endpoint":"\#(queue.endpoint)","id":"a"}]"#)
                }
                // A run that has ended is settled when it is told.
                let left = try await queue.api.job("a", at: queue.endpoint)
                #expect(left == nil)
            }
        }
    }

    @Test func everyJobOfManyIsToldInOrder() async throws {
        try await withQueue { queue in
            try await withReader(queue.daemon) { reader in
                let drafts = (0..<500).map { Draft(id: "\($0)") }
                try await queue.api.enqueue(all: drafts, at: queue.endpoint)
                for number in 500..<600 { try await queue.api.enqueue(Draft(id: "\(number)"), at: queue.endpoint) }
                let events = Dictionary(grouping: try await reader.wait(for: 1_800), by: \.id)
                #expect(events.count == 600)
                for (_, events) in events { #expect(events.map(\.name) == ["scheduled", "started", "completed"]) }
            }
        }
    }

    /// What has failed is not told from what has succeeded.
    @Test func retryIsCompletedAndRescheduled() async throws {
        try await withQueue({ $0.attempt == 1 ? .status(500) : .ok }) { queue in
            try await withReader(queue.daemon) { reader in
                try await queue.api.enqueue(Draft(id: "a", retry: [10]), at: queue.endpoint)
                let events = try await reader.wait(for: 6)
                #expect(
                    events.map(\.name)
                        == ["scheduled", "started", "completed", "rescheduled", "started", "completed"])
                let runAt = try #require(events[3].runAt)
                #expect(runAt.hasSuffix("Z") && runAt.count == 24, "\(runAt)")
            }
        }
    }

    @Test func repetitionIsCompletedAndRescheduled() async throws {
        try await withQueue { queue in
            try await withReader(queue.daemon) { reader in
                let draft = Draft(id: "a", repeat: .init(every: 10, times: 3))
                try await queue.api.enqueue(draft, at: queue.endpoint)
                let run = ["started", "completed"]
                let expected = ["scheduled"] + run + ["rescheduled"] + run + ["rescheduled"] + run
                let events = try await reader.wait(for: expected.count)
                #expect(events.map(\.name) == expected)
            }
        }
    }

    @Test func changesAreTold() async throws {
        try await withQueue { queue in
            try await withReader(queue.daemon) { reader in
                for id in ["a", "b"] {
                    try await queue.api.enqueue(Draft(id: id, delay: 1_000_000), at: queue.endpoint)
                }
                try #require(await queue.api.delete("b", at: queue.endpoint))
                try #require(await queue.api.invoke("a", at: queue.endpoint))
                let events = try await reader.wait(for: 6)
                #expect(
                    events.map { "\($0.name) \($0.id)" } == [
                        "scheduled a", "scheduled b", "deleted b", "invoked a", "started a", "completed a",
                    ])
            }
        }
    }

    /// Nothing comes of a run whose job is gone: it is not said to come again.
    @Test func jobDeletedDuringItsRunIsNotRescheduled() async throws {
        try await withQueue({ $0.path == "/" ? .held(500) : .ok }) { queue in
            try await withReader(queue.daemon) { reader in
                try await queue.api.enqueue(Draft(id: "a", retry: [0, 0]), at: queue.endpoint)
                try await queue.origin.wait(for: 1, at: "/")
                try #require(await queue.api.delete("a", at: queue.endpoint))
                queue.origin.release()
                let expected = ["scheduled", "started", "deleted", "completed"]
                let events = try await reader.wait(for: 4)
                #expect(events.map(\.name) == expected)
                try await queue.settleOthers()
                #expect(reader.events.filter { $0.id == "a" }.map(\.name) == expected)
            }
        }
    }

    @Test func scheduledRoutesAreTold() async throws {
        try await withQueue { queue in
            try await withReader(queue.daemon) { reader in
                func update(_ crons: String) async throws {
                    let body = #"{"baseUrl":"\#(queue.origin.url(""))","crons":[\#(crons)]}"#
                    let answer = try await queue.api.ask("PUT", "/queues/update-cron", body: body)
                    try #require(answer.status == 200, "\(answer.body)")
                }
                try await update(#"{"route":"a","schedule":"0 0 1 1 *"},{"route":"b","schedule":"0 0 1 1 *"}"#)
                try await update(#"{"route":"a","schedule":"0 0 2 1 *"}"#)
                let events = try await reader.wait(for: 4)
                #expect(events.map(\.name) == ["scheduled", "scheduled", "scheduled", "deleted"])
                #expect(events.allSatisfy { $0.id == "@cron" })
                #expect(events.last?.endpoint == queue.origin.url("/b"))
            }
        }
    }

    @Test func subprotocolOfQuirrelsUIIsChosenWithoutTokens() async throws {
        try await withQueue { queue in
            try await withReader(queue.daemon, .init(subprotocol: "ignored")) { reader in
                #expect(reader.greeting == "open ignored")
            }
        }
    }

    @Test func readersAreToldThatTheServerEnds() async throws {
        try await withQueue { queue in
            try await withReader(queue.daemon) { reader in
                let start = ContinuousClock.now
                let status = try await queue.daemon.terminate()
                #expect(status == 0)
                let end = try await reader.end()
                #expect(end == "1001 the server is shutting down")
                #expect(start.duration(to: .now) < .seconds(10))
            }
        }
    }
}
