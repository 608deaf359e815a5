import FletchQueue
import Testing

@testable import FletchServer

@Suite struct EnqueueTests {
    @Test func jobIsAnsweredAsItIsStored() async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.post, queue, #"{"body":"hi","id":"a"}"#)
            #expect(answer.status == 201)
            #expect(answer.fields[.contentType] == "application/json; charset=utf-8")
            #expect(
                answer.text == #"{"id":"a","endpoint":"https://example.com/api/queue","body":"hi","#
                    + #""runAt":"2026-03-01T12:00:00.250Z","exclusive":false,"retry":[],"count":1}"#)
            #expect(await api.send(.get, queue + "/a").text == answer.text)
        }
    }

    @Test func everyFieldIsKept() async throws {
        try await TestAPI.with { api in
            let answer = await api.send(
                .post, queue,
                #"{"id":"é\"/","body":"\u0000\n🚀","runAt":"2027-01-01T01:00:00.5+01:00","delay":5,"exclusive":true,"#
                    + #""retry":[1.9,0,60000],"unknown":{"deep":[1]}}"#)
            #expect(
                answer.text == #"{"id":"é\"/","endpoint":"https://example.com/api/queue","body":"\u0000\n🚀","#
                    + #""runAt":"2027-01-01T00:00:00.500Z","exclusive":true,"retry":[2,0,60000],"count":1}"#)
            #expect(await api.send(.get, queue + "/" + "é\"/".encoded).text == answer.text)
        }
    }

    @Test(arguments: [
        (#"{"every":1000.7,"times":3.5}"#, #"{"count":1,"every":1001,"times":3}"#),
        (#"{"every":0.5}"#, #"{"count":1,"every":1}"#),
        (#"{"cron":"0 0 * * *"}"#, #"{"cron":"0 0 * * *","cronTimezone":"Etc/UTC","count":1}"#),
        (
            #"{"cron":"@daily","cronTimezone":"Europe/Berlin","every":5,"x":1}"#,
            #"{"count":1,"every":5}"#
        ),
    ])
    func repeatIsAnswered(_ asked: String, _ told: String) async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.post, queue, "{\"repeat\":\(asked)}")
            #expect(answer.text.hasSuffix(#""count":1,"repeat":"# + told + "}"))
        }
    }

    /// 0 would never come to an end; as in Quirrel it is no repetition.
    @Test(arguments: [#"{"every":0}"#, #"{"every":0,"times":3}"#, #"{"every":null}"#, "{}"])
    func repeatOfNothingIsNone(_ asked: String) async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.post, queue, "{\"repeat\":\(asked),\"retry\":[1]}")
            #expect(answer.status == 201)
            #expect(answer.json?["repeat"] == nil)
        }
    }

    /// Else three jobs with the id null would be one, and a retry of null one that is made at once.
    @Test func nullIsAsIfItWereAbsent() async throws {
        try await TestAPI.with { api in
            let names = ["body", "runAt", "delay", "id", "override", "exclusive", "retry", "repeat"]
            let all = "{" + names.map { "\"\($0)\":null" }.joined(separator: ",") + "}"
            for _ in 0..<3 {
                let answer = await api.send(.post, queue, all)
                #expect(answer.status == 201)
                #expect(answer.json?["retry"] == .array([]))
                guard case .string(let id) = answer.json?["id"] else { throw MissingID() }
                #expect(id.utf8.count == 36)
            }
            let schedule = #"{"repeat":{"every":5,"times":null,"cron":null,"cronTimezone":null}}"#
            let repeated = await api.send(.post, queue, schedule)
            #expect(repeated.text.hasSuffix(#""count":1,"repeat":{"count":1,"every":5}}"#), "\(repeated)")
            #expect(await api.send(.get, "/queues/stats").text.contains("\"count\":4"))
        }
    }

    @Test(arguments: [
        ("9007199254740993", "9007199254740992"), ("1e-7", "1e-7"), ("1e400", "Infinity"), ("1e21", "1e+21"),
        ("-0", "0"), ("5.0", "5"), ("true", "true"), ("[7]", "7"),
    ])
    func scalarBecomesTheTextThatJavaScriptMakesOfIt(_ id: String, _ text: String) async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.post, queue, "{\"id\":\(id),\"body\":\(id)}")
            #expect(answer.json?["id"] == .string(text))
            #expect(answer.json?["body"] == .string(text))
        }
    }

    @Test func whatIsAroundAJobMayBeAsDeepAsItLikes() async throws {
        try await TestAPI.with { api in
            let deep = String(repeating: "[", count: 5_000) + String(repeating: "]", count: 5_000)
            let answer = await api.send(.post, queue, "\u{FEFF}{\"unknown\":\(deep),\"id\":\"a\"}")
            #expect(answer.status == 201)
            #expect(answer.json?["id"] == .string("a"))
        }
    }

    @Test func repeatOfTimesOnlyIsNone() async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.post, queue, #"{"repeat":{"times":2},"retry":[1]}"#)
            #expect(answer.status == 201)
            #expect(answer.json?["repeat"] == nil)
        }
    }

    @Test(arguments: [
        (#"{"delay":0}"#, "2026-03-01T12:00:00.250Z"), (#"{"delay":86400000}"#, "2026-03-02T12:00:00.250Z"),
        (#"{"delay":4294967296}"#, "2026-04-20T05:02:47.546Z"), (#"{"delay":1e308}"#, "9999-12-31T23:59:59.999Z"),
        (#"{"delay":"1.5e3"}"#, "2026-03-01T12:00:01.750Z"), (#"{"delay":[true]}"#, "2026-03-01T12:00:00.251Z"),
        (#"{"delay":null}"#, "2026-03-01T12:00:00.250Z"), (#"{"delay":0.9}"#, "2026-03-01T12:00:00.251Z"),
        (#"{"delay":" 5 "}"#, "2026-03-01T12:00:00.255Z"), (#"{"delay":"0x10"}"#, "2026-03-01T12:00:00.266Z"),
        (#"{"runAt":"2027-01-01T00:00:00"}"#, "2027-01-01T00:00:00.000Z"),
        (#"{"runAt":"2027-01-01T01:00:00+01"}"#, "2027-01-01T00:00:00.000Z"),
        (#"{"runAt":"2020-01-01T00:00:00Z","delay":9}"#, "2020-01-01T00:00:00.000Z"),
        (#"{"repeat":{"cron":"30 4 * * *"}}"#, "2026-03-02T04:30:00.000Z"),
        (#"{"repeat":{"every":60000},"delay":7}"#, "2026-03-01T12:00:00.257Z"),
        (#"{"repeat":{"cron":"30 4 * * *"},"delay":86400000}"#, "2026-03-03T04:30:00.000Z"),
        (#"{"repeat":{"cron":"30 4 * * *"},"delay":5,"runAt":"2027-01-01T04:30:00Z"}"#, "2027-01-02T04:30:00.000Z"),
    ])
    func firstRunIsWhereItWasAskedFor(_ body: String, _ runAt: String) async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.post, queue, body)
            #expect(answer.json?["runAt"] == .string(runAt))
            guard case .string(let id) = answer.json?["id"] else { throw MissingID() }
            #expect(await api.send(.get, queue + "/" + id).text == answer.text)
        }
    }

    private struct MissingID: Error {}

    /// A delay, and an expression beside an interval, are about the first run alone.
    @Test(arguments: [
        (
            #""delay":60000,"repeat":{"every":1000}"#,
            ["2026-03-01T12:01:00.250Z", "2026-03-01T12:01:01.250Z", "2026-03-01T12:01:02.250Z"]
        ),
        (
            #""repeat":{"cron":"30 4 * * *","every":1000}"#,
            ["2026-03-02T04:30:00.000Z", "2026-03-02T04:30:01.000Z", "2026-03-02T04:30:02.000Z"]
        ),
        (
            #""repeat":{"cron":"30 4 * * *"}"#,
            ["2026-03-02T04:30:00.000Z", "2026-03-03T04:30:00.000Z", "2026-03-04T04:30:00.000Z"]
        ),
    ])
    func runsFollowEachOtherAndAreCounted(_ asked: String, _ moments: [String]) async throws {
        try await TestAPI.with { api in
            _ = await api.send(.post, queue, #"{"id":"a",\#(asked)}"#)
            for (run, moment) in moments.enumerated() {
                let job = await api.send(.get, queue + "/a").json
                #expect(job?["runAt"] == .string(moment))
                #expect(job?["count"] == .number(Double(run + 1)))
                #expect(job?["repeat"]?["count"] == .number(Double(run + 1)))
                try await api.run(at: #require(DateTime.timestamp(of: moment)))
            }
        }
    }

    @Test func scalarsAreCoerced() async throws {
        try await TestAPI.with { api in
            let answer = await api.send(
                .post, queue, #"{"id":5,"body":-0.0,"exclusive":"true","retry":"7","override":0}"#)
            #expect(answer.json?["id"] == .string("5"))
            #expect(answer.json?["body"] == .string("0"))
            #expect(answer.json?["exclusive"] == .bool(true))
            #expect(answer.json?["retry"] == .array([.number(7)]))
        }
    }

    @Test func jobThatIsThereStaysAsItIsAndIsAnswered() async throws {
        try await TestAPI.with { api in
            let first = await api.send(.post, queue, #"{"id":"a","body":"1","delay":5}"#)
            let second = await api.send(.post, queue, #"{"id":"a","body":"2"}"#)
            #expect(second.status == 201)
            #expect(second.text == first.text)
        }
    }

    @Test func overrideReplacesAllOfAJob() async throws {
        try await TestAPI.with { api in
            _ = await api.send(.post, queue, #"{"id":"a","body":"1","delay":5,"exclusive":true,"retry":[5]}"#)
            let second = await api.send(.post, queue, #"{"id":"a","override":true}"#)
            #expect(second.json?["body"] == .string(""))
            #expect(second.json?["exclusive"] == .bool(false))
            #expect(second.json?["retry"] == .array([]))
            #expect(await api.send(.get, queue + "/a").text == second.text)
        }
    }

    @Test func overrideWithoutAnIDReplacesNothing() async throws {
        try await TestAPI.with { api in
            for _ in 0..<2 { #expect(await api.send(.post, queue, #"{"override":true}"#).status == 201) }
            #expect(await api.send(.get, "/queues/stats").text == #"{"\#(endpoint)":{"count":2}}"#)
        }
    }

    @Test func tenRetriesAreTaken() async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.post, queue, #"{"retry":[1,2,3,4,5,6,7,8,9,10]}"#)
            #expect(answer.status == 201)
            #expect(answer.json?["retry"] == .array((1...10).map { .number(Double($0)) }))
        }
    }

    @Test func jobThatRunsHasNoTime() async throws {
        try await TestAPI.with { api in
            _ = await api.send(.post, queue, #"{"id":"a"}"#)
            _ = try await api.store.lease(1, at: TestAPI.now)
            let answer = await api.send(.get, queue + "/a")
            #expect(answer.json?["runAt"] == .string("1970-01-01T00:00:00.000Z"))
            #expect(await api.send(.post, queue + "/a").status == 404)
            #expect(await api.send(.get, "/queues/stats").text == #"{"\#(endpoint)":{"count":1}}"#)
        }
    }
}
