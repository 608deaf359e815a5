import Foundation
import HTTPTypes
import Testing

@testable import FletchServer

/// What a short request is answered with that names a long job by its id: it waits for its turn, as readers do.
@Suite(.timeLimit(.minutes(1))) struct StoredJobTests {
    private static let body = String(repeating: "x", count: 1 << 19)

    private static func with(_ body: (TestAPI, Readers) async throws -> Void) async throws {
        let readers = Readers()
        try await TestAPI.with(readers: readers) { api in
            let stored = await api.send(.post, queue, #"{"id":"big","body":"\#(Self.body)"}"#)
            #expect(stored.status == 201)
            try await body(api, readers)
        }
    }

    private static func key(_ text: String) -> HTTPFields {
        HTTPField.Name("Idempotency-Key").map { [$0: text] } ?? [:]
    }

    @Test func longJobIsToldWholeOnceThereIsRoom() async throws {
        try await Self.with { api, readers in
            let answer = try await readers.expectWait { await api.send(.post, queue, #"{"id":"big"}"#) }
            #expect(answer.status == 201)
            #expect(answer.text == (await api.send(.get, queue + "/big").text))
        }
    }

    @Test func batchThatNamesALongJobTellsAllOfItsJobs() async throws {
        try await Self.with { api, readers in
            let batch = #"[{"body":"new"},{"id":"big"},{"id":"other","body":"short"}]"#
            let answer = try await readers.expectWait { await api.send(.post, queue + "/batch", batch) }
            guard case .array(let jobs) = answer.json else {
                Issue.record("no jobs: \(answer)")
                return
            }
            #expect(jobs.map { $0["body"] } == [.string("new"), .string(Self.body), .string("short")])
            #expect(await api.send(.get, "/queues/stats").json?[endpoint]?["count"] == .number(3))
        }
    }

    @Test func jobThatEndsMeanwhileIsToldByItsId() async throws {
        try await Self.with { api, readers in
            var held: Readers.Share? = try await readers.share(of: .max, for: TestAPI.anonymous)
            let asking = Task { await api.send(.post, queue, #"{"id":"big"}"#) }
            while !readers.isContended { await Task.yield() }
            #expect(await api.send(.delete, queue + "/big").status == 204)
            withExtendedLifetime(held) {}
            held = nil
            let answer = await asking.value
            #expect(answer.status == 201)
            #expect(answer.json?["id"] == .string("big") && answer.json?["body"] == .string(""))
            #expect(await api.send(.get, queue + "/big").status == 404, "it must not be stored a second time")
        }
    }

    @Test func answerWithAKeyIsTheOneThatIsRemembered() async throws {
        try await Self.with { api, readers in
            let post: @Sendable () async -> Answer = {
                await api.send(.post, queue, #"{"id":"big"}"#, fields: Self.key("k"))
            }
            let first = try await readers.expectWait(of: post)
            #expect(first.json?["body"] == .string(Self.body))
            _ = await api.send(.delete, queue + "/big")
            #expect(await post().text == first.text)
        }
    }

    @Test func answerWithAKeyIsTheOneThatIsRememberedThoughTheJobHasEnded() async throws {
        try await Self.with { api, readers in
            var held: Readers.Share? = try await readers.share(of: .max, for: TestAPI.anonymous)
            let asking = Task { await api.send(.post, queue, #"{"id":"big"}"#, fields: Self.key("k")) }
            while !readers.isContended { await Task.yield() }
            #expect(await api.send(.delete, queue + "/big").status == 204)
            withExtendedLifetime(held) {}
            held = nil
            let answer = await asking.value
            #expect(answer.status == 201 && answer.json?["body"] == .string(Self.body))
        }
    }

    @Test func sendThatNamesALongJobWaits() async throws {
        try await Self.with { api, readers in
            let url = "https://example.com/to"
            let first = try await api.forward(url, Self.body.utf8, ["fletch-id": "long"])
            #expect(first.status == 202)
            let again = try await readers.expectWait {
                (try? await api.forward(url, ["fletch-id": "long"])) ?? Answer(brokenOffBy: CancellationError())
            }
            #expect(again.status == 202 && again.text == first.text)
            #expect(again.fields[.location] == first.fields[.location])
        }
    }

    @Test func publishThatNamesALongJobWaits() async throws {
        try await Self.with { api, readers in
            _ = await api.send(.put, "/topics/t", #"{"endpoints":["\#(endpoint)","https://example.com/2"]}"#)
            let answer = try await readers.expectWait { await api.send(.post, "/topics/t", #"{"id":"big"}"#) }
            guard case .array(let jobs) = answer.json else {
                Issue.record("no jobs: \(answer)")
                return
            }
            #expect(jobs.map { $0["body"] } == [.string(Self.body), .string("")])
        }
    }

    /// A topic's jobs hold what the request has brought once. What was there before may be another text in each of them.
    @Test func publishThatNamesJobsWithAnotherTextWaits() async throws {
        try await Self.with { api, readers in
            await Self.setTopic(api, endpointCount: 100)
            let (first, other) = (Self.publish("x", 20_000), Self.publish("y", 20_000))
            let stored = await api.send(.post, "/topics/t", first)
            #expect(stored.status == 201)
            let answer = try await readers.expectWait { await api.send(.post, "/topics/t", other) }
            #expect(answer.status == 201 && answer.text == stored.text)
        }
    }

    @Test func publishThatNamesJobsWithItsOwnTextWaitsForNobody() async throws {
        try await Self.with { api, readers in
            await Self.setTopic(api, endpointCount: 100)
            let stored = await api.send(.post, "/topics/t", Self.publish("x", 20_000))
            let held = try await readers.share(of: .max, for: TestAPI.anonymous)
            #expect(await api.send(.post, "/topics/t", Self.publish("x", 20_000)).text == stored.text)
            withExtendedLifetime(held) {}
        }
    }

    /// It holds a share already, which is not enough.
    @Test func longPublishThatNamesLongJobsWaitsForRoomForBoth() async throws {
        try await Self.with { api, readers in
            await Self.setTopic(api, endpointCount: 300)
            let stored = await api.send(.post, "/topics/t", Self.publish("x", 4_000))
            let answer = try await readers.expectWait(whileHolding: 15 << 20) {
                await api.send(.post, "/topics/t", Self.publish("y", 4_000))
            }
            #expect(answer.status == 201 && answer.text == stored.text)
        }
    }

    /// Control characters take six bytes in each job, and hardly more than one in the request.
    @Test func publishWaitsForRoomForTheTextThatIsAnswered() async throws {
        try await Self.with { api, readers in
            await Self.setTopic(api, endpointCount: 1_000)
            let bytes = Data(repeating: 1, count: 1_000).base64EncodedString()
            let answer = try await readers.expectWait(whileHolding: 12 << 20) {
                await api.send(.post, "/topics/t", #"{"bodyBase64":"\#(bytes)"}"#)
            }
            #expect(answer.status == 201 && answer.text.utf8.count > 6_000_000)
        }
    }

    private static func setTopic(_ api: TestAPI, endpointCount: Int) async {
        let endpoints = (0..<endpointCount).map { #""https://example.com/\#($0)""# }.joined(separator: ",")
        #expect(await api.send(.put, "/topics/t", #"{"endpoints":[\#(endpoints)]}"#).status == 200)
    }

    private static func publish(_ character: String, _ count: Int) -> String {
        #"{"id":"a","body":"\#(String(repeating: character, count: count))"}"#
    }

    /// What the request has brought itself is not waited for: an enqueue is not held up by slow readers.
    @Test func newJobsWaitForNobody() async throws {
        try await Self.with { api, readers in
            let held = try await readers.share(of: .max, for: TestAPI.anonymous)
            let new = await api.send(.post, queue, #"{"id":"new","body":"\#(Self.body)"}"#)
            #expect(new.status == 201)
            let override = await api.send(.post, queue, #"{"id":"big","override":true}"#)
            #expect(override.status == 201 && override.json?["body"] == .string(""))
            #expect(await api.send(.post, queue, #"{"id":"new","body":"\#(Self.body)"}"#).status == 201)
            withExtendedLifetime(held) {}
        }
    }
}
