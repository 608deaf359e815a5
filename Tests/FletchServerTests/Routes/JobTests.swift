import FletchQueue
import HTTPTypes
import Testing

@testable import FletchServer

@Suite struct JobTests {
    @Test func whatIsNotThereIsNotFound() async throws {
        try await TestAPI.with { api in
            let found = await api.send(.get, queue + "/a")
            #expect(found.status == 404)
            #expect(found.text == "Not Found")
            #expect(found.fields[.contentType] == "text/plain; charset=utf-8")
            for method in [HTTPRequest.Method.post, .delete] {
                let answer = await api.send(method, queue + "/a")
                #expect(answer.status == 404)
                #expect(answer.text == "")
            }
        }
    }

    @Test func invokedJobIsDueNow() async throws {
        try await TestAPI.with { api in
            _ = await api.send(.post, queue, #"{"id":"@cron","delay":100000}"#)
            let answer = await api.send(.post, queue + "/%40cron")
            #expect(answer.status == 204)
            #expect(answer.text == "")
            #expect(await api.send(.get, queue + "/@cron").json?["runAt"] == .string("2026-03-01T12:00:00.250Z"))
        }
    }

    @Test func deletedJobIsGoneAndItsQueueIsKnown() async throws {
        try await TestAPI.with { api in
            _ = await api.send(.post, queue, #"{"id":"a"}"#)
            #expect(await api.send(.delete, queue + "/a").status == 204)
            #expect(await api.send(.delete, queue + "/a").status == 404)
            #expect(await api.send(.get, "/queues").text == #"["\#(endpoint)"]"#)
            #expect(await api.send(.get, "/queues/").text == #"["\#(endpoint)"]"#)
            #expect(await api.send(.get, "/queues/stats").text == "{}")
        }
    }

    @Test func idIsDecodedOnce() async throws {
        try await TestAPI.with { api in
            _ = await api.send(.post, queue, #"{"id":"@something"}"#)
            #expect(await api.send(.get, queue + "/%2540something").status == 404)
            #expect(await api.send(.get, queue + "/%40something").status == 200)
            #expect(await api.send(.delete, queue + "/%2540something").status == 404)
            #expect(await api.send(.post, queue + "/%2540something").status == 404)
        }
    }

    @Test(arguments: ["a,b", "a/b", "a:b;c", "stats", "", ".", "..", "%2F", "a b", "é", "e\u{301}", "🚀", "\0", "null"])
    func idsAreOpaque(_ id: String) async throws {
        try await TestAPI.with { api in
            var body = JSONWriter()
            body.raw("{\"id\":")
            body.string(id)
            body.raw("}")
            let stored = await api.send(.post, queue, String(decoding: body.bytes, as: UTF8.self))
            #expect(stored.json?["id"] == .string(id))
            #expect(await api.send(.get, queue + "/" + id.encoded).text == stored.text)
            #expect(await api.send(.delete, queue + "/" + id.encoded).status == 204)
        }
    }

    /// The path is taken by the batch; the other methods have no such route.
    @Test func jobWhoseIDIsBatchCanBeSeenAndDeleted() async throws {
        try await TestAPI.with { api in
            _ = await api.send(.post, queue, #"{"id":"batch"}"#)
            #expect(await api.send(.get, queue + "/batch").status == 200)
            #expect(await api.send(.post, queue + "/batch").isInvalid("body must be array"))
            #expect(await api.send(.delete, queue + "/batch").status == 204)
        }
    }

    @Test func idBeyondAKibibyteIsRefused() async throws {
        try await TestAPI.with { api in
            let job = #"{"id":"\#(String(repeating: "ä", count: 512))i"}"#
            #expect(await api.send(.post, queue, job).isInvalid("body/id must NOT have more than 1024 bytes"))
            let batch = await api.send(.post, queue + "/batch", "[{},\(job)]")
            #expect(batch.isInvalid("body/1/id must NOT have more than 1024 bytes"))
            #expect(await api.send(.get, queue + "/" + String(repeating: "i", count: 8_000)).status == 404)
            #expect(await api.send(.get, "/queues").text == "[]")
        }
    }

    @Test func longEndpointsAndIDsWork() async throws {
        try await TestAPI.with { api in
            let long = "/queues/" + ("https://example.com/" + String(repeating: "ä/".encoded, count: 1_000)).encoded
            let id = String(repeating: "ä", count: 512)
            #expect(await api.send(.post, long, #"{"id":"\#(id)"}"#).status == 201)
            #expect(await api.send(.get, long + "/" + id.encoded).status == 200)
        }
    }
}
