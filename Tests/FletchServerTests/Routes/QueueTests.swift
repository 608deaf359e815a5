import Testing

@testable import FletchServer

@Suite struct QueueTests {
    @Test func emptyQueueHasOneEmptyPart() async throws {
        try await TestAPI.with { api in
            #expect(await api.send(.get, queue + "?cursor=0").text == #"{"cursor":null,"jobs":[]}"#)
        }
    }

    @Test func scanGoesOnWhereItEnded() async throws {
        try await TestAPI.with { api in
            let bodies = (0..<250).map { "{\"id\":\"\($0)\"}" }.joined(separator: ",")
            _ = await api.send(.post, queue + "/batch", "[\(bodies)]")
            var ids: [JSONValue] = []
            var sizes: [Int] = []
            var cursor: JSONValue? = .number(0)
            while case .number(let number) = cursor {
                let page = await api.send(.get, queue + "?cursor=\(Int(number))").json
                guard case .array(let jobs) = page?["jobs"] else { break }
                ids += jobs.compactMap { $0["id"] }
                sizes.append(jobs.count)
                cursor = page?["cursor"]
            }
            #expect(sizes == [100, 100, 50])
            #expect(await api.send(.get, queue).text == api.send(.get, queue + "?cursor=0").text)
            #expect(cursor == .null)
            #expect(Set(ids).count == 250)
        }
    }

    @Test(arguments: ["x", "", "NaN", "1&cursor=2", "%00"])
    func cursorIsANumber(_ cursor: String) async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.get, queue + "?cursor=" + cursor)
            #expect(answer.isInvalid("querystring/cursor must be number"), "\(answer)")
        }
    }

    @Test(arguments: ["-1", "1.5", "1e300", "-1e300", "00"])
    func anyNumberIsACursor(_ cursor: String) async throws {
        try await TestAPI.with { api in
            #expect(await api.send(.get, queue + "?cursor=" + cursor).status == 200)
        }
    }

    @Test func queueIsEmptiedAndStaysKnown() async throws {
        try await TestAPI.with { api in
            #expect(await api.send(.delete, queue).status == 204)
            _ = await api.send(.post, queue + "/batch", "[{},{}]")
            let answer = await api.send(.delete, queue)
            #expect(answer.status == 204)
            #expect(answer.text == "")
            #expect(await api.send(.get, queue).text == #"{"cursor":null,"jobs":[]}"#)
            #expect(await api.send(.get, "/queues").text == #"["\#(endpoint)"]"#)
        }
    }

    @Test func statisticsNameQueuesThatHaveJobs() async throws {
        try await TestAPI.with { api in
            _ = await api.send(.post, queue + "/batch", "[{},{}]")
            #expect(await api.send(.get, "/queues/stats").text == #"{"\#(endpoint)":{"count":2}}"#)
        }
    }
}
