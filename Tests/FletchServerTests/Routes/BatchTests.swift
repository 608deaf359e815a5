import Testing

@testable import FletchServer

@Suite struct BatchTests {
    @Test func jobsAreAnsweredInOrder() async throws {
        try await TestAPI.with { api in
            let answer = await api.send(
                .post, queue + "/batch", #"[{"id":"b"},{"id":"a","delay":1},{"id":"b","body":"late"}]"#)
            #expect(answer.status == 201)
            guard case .array(let jobs) = answer.json else { return #expect(Bool(false), "\(answer)") }
            #expect(jobs.map { $0["id"] } == [.string("b"), .string("a"), .string("b")])
            #expect(jobs[2]["body"] == .string(""))
            #expect(jobs.count == 3)
        }
    }

    @Test(arguments: [
        (#"[{"id":"a"},{"delay":-1}]"#, "body/1/delay must be >= 0"), (#"[{"delay":-1}]"#, "body/0/delay must be >= 0"),
        (#"[{},{"retry":[0,-1]}]"#, "body/1/retry/1 must be >= 0"), (#"[{},5]"#, "body/1 must be object"),
        ("{}", "body must be array"), ("5", "body/0 must be object"),
        (
            #"[{"id":"a"},{"repeat":{"cron":"x"}}]"#,
            "body.repeat.cron uses unsupported syntax. See https://github.com/harrisiirak/cron-parser for reference."
        ),
        (
            #"[{"id":"a"},{"repeat":{"every":1,"cronTimezone":"x"}}]"#,
            "body.repeat.cronTimezone is invalid, please provide a valid IANA timezone."
        ),
        (
            #"[{"id":"a"},{"body":"","bodyBase64":""}]"#,
            "body.1.body and body.1.bodyBase64 cannot be used together."
        ),
        (
            #"[{"retry":[1],"retryPolicy":{"attempts":2}},{"id":"a"}]"#,
            "body.0.retry and body.0.retryPolicy cannot be used together."
        ),
        (
            #"[{"id":"a"},{"retry":[1],"repeat":{"every":1}}]"#,
            "body.1.retry and body.1.repeat cannot be used together: body.1.retryPolicy retries what repeats."
        ),
        (
            #"[{"id":"a"},{"headers":{"idempotency-key":"k"},"repeat":{"every":1}}]"#,
            "body.1.headers cannot have an Idempotency-Key together with body.1.repeat: receivers would discard every "
                + "run after the first as a duplicate."
        ),
    ])
    func nothingIsStoredWhereOneIsNotInOrder(_ body: String, _ message: String) async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.post, queue + "/batch", body)
            #expect(answer.isInvalid(message), "\(answer)")
            #expect(await api.send(.get, queue + "/a").status == 404)
        }
    }

    @Test func scheduleThatNeverFiresIsNamed() async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.post, queue + "/batch", #"[{},{"repeat":{"cron":"0 0 30 2 *"}}]"#)
            #expect(answer.status == 400)
            #expect(answer.text.contains("body.1.repeat.cron never fires"), "\(answer)")
        }
    }

    @Test func answerIsNoLargerThanARequestMayBe() async throws {
        try await TestAPI.with { api in
            let body = String(repeating: "x", count: 700_000)
            for id in ["a", "b"] {
                let answer = await api.send(.post, queue, #"{"id":"\#(id)","delay":3600000,"body":"\#(body)"}"#)
                #expect(answer.status == 201)
            }
            let answer = await api.send(.post, queue + "/batch", #"[{"id":"new"},{"id":"a"},{"id":"b"}]"#)
            #expect(answer.status == 413)
            #expect(answer.json?["code"] == .string("store-answer-too-large"), "\(answer)")
            #expect(await api.send(.get, queue + "/new").status == 404)
            #expect(await api.send(.post, queue, #"{"id":"a"}"#).json?["body"] == .string(body))
        }
    }

    @Test func thousandAreTakenAndNoMore() async throws {
        try await TestAPI.with { api in
            let thousand = Array(repeating: "{}", count: 1_000).joined(separator: ",")
            let more = await api.send(.post, queue + "/batch", "[\(thousand),{}]")
            #expect(more.status == 400)
            #expect(more.fields[.contentType] == "text/plain; charset=utf-8")
            #expect(
                more.text
                    == "That's a whole lot of jobs! If this wasn't a mistake, please get in touch to lift the 1000 limit."
            )
            #expect(await api.send(.get, "/queues/stats").text == "{}")
            #expect(await api.send(.post, queue + "/batch", "[\(thousand)]").status == 201)
            #expect(await api.send(.get, "/queues/stats").text == #"{"\#(endpoint)":{"count":1000}}"#)
        }
    }

    /// As Quirrel, whose schema is looked at before its limit.
    @Test func ofTooManyJobsTheFirstThatIsWrongIsTold() async throws {
        try await TestAPI.with { api in
            let thousand = Array(repeating: "{}", count: 1_000).joined(separator: ",")
            let answer = await api.send(.post, queue + "/batch", "[\(thousand),{},{\"delay\":-1},5]")
            #expect(answer.isInvalid("body/1001/delay must be >= 0"), "\(answer)")
        }
    }

    @Test func emptyBatchIsNothing() async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.post, queue + "/batch", "[]")
            #expect(answer.status == 201)
            #expect(answer.text == "[]")
        }
    }
}
