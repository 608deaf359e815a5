import FletchQueue
import Testing

@testable import FletchServer

/// The keys of a job that Quirrel does not have.
@Suite struct JobKeyTests {
    /// - Parameters:
    ///   - body: Of the answer, with its name.
    ///   - schedule: What the answer has for `repeat`, with its name.
    private static func answer(_ keys: String, body: String = #""body":"""#, schedule: String = "") -> String {
        #"{"id":"a","endpoint":"https://example.com/api/queue",\#(body),"runAt":"2026-03-01T12:00:00.250Z","#
            + #""exclusive":false,"retry":[],"count":1\#(schedule)\#(keys)}"#
    }

    /// Each by itself, and all of them in an order of their own.
    @Test(arguments: [
        #""method":"patch""#, #""headers":{}"#, #""headers":{"X-B":"1","content-type":"a/\"b\"","x-a":"é\t"}"#,
        #""timeout":3600000"#, #""expiresAt":"2027-01-01T00:00:00.000Z""#, #""retryPolicy":{"attempts":1}"#,
        #""retryPolicy":{"attempts":3,"base":500,"factor":1.5,"maximum":60000,"jitter":"full"}"#,
        #""group":"""#, #""group":"customer \"7\"""#, #""until":"acknowledged""#, #""until":"answered""#,
        #""until":"succeeded""#, #""callback":"https://example.com/done?a=b""#,
        #""failureCallback":"http://[::1]:8080""#,
        #""method":"PUT","headers":{"a":"b"},"timeout":1,"expiresAt":"2027-01-01T00:00:00.500Z","#
            + #""retryPolicy":{"attempts":100},"group":"g","until":"answered","callback":"http://a/","#
            + #""failureCallback":"http://b/""#,
    ])
    func keysComeBackAsTheyWereSent(_ keys: String) async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.post, queue, #"{"id":"a",\#(keys)}"#)
            #expect(answer.status == 201)
            #expect(answer.text == Self.answer("," + keys))
            #expect(await api.send(.get, queue + "/a").text == answer.text)
            #expect(await api.send(.get, queue).text.contains(answer.text))
            #expect(await api.send(.post, queue, #"{"id":"a"}"#).text == answer.text)
        }
    }

    /// A longer one could become the name of a queue that fits into no request.
    @Test func urlsHaveAtMost8192Bytes() async throws {
        try await TestAPI.with { api in
            let start = "https://example.com/"
            let longest = start + String(repeating: "x", count: 8_192 - start.utf8.count)
            for key in ["callback", "failureCallback"] {
                #expect(await api.send(.post, queue, #"{"\#(key)":"\#(longest)"}"#).status == 201)
                let refused = await api.send(.post, queue, #"{"\#(key)":"\#(longest)x"}"#)
                #expect(refused.isInvalid("body/\(key) must NOT have more than 8192 bytes"), "\(refused)")
            }
            #expect(await api.send(.put, "/topics/a", #"{"endpoints":["\#(longest)"]}"#).status == 200)
            let topic = await api.send(.put, "/topics/a", #"{"endpoints":["\#(longest)x"]}"#)
            #expect(topic.isInvalid("body/endpoints/0 must NOT have more than 8192 bytes"), "\(topic)")
            let cron = #"{"baseUrl":"\#(longest)","crons":[{"route":"x","schedule":"@daily"}]}"#
            let refused = await api.send(.put, "/queues/update-cron", cron)
            #expect(
                refused.isInvalid("body/crons/0/route must NOT have more than 8192 bytes together with baseUrl"),
                "\(refused)")
        }
    }

    /// The order is the answer's, whatever the request's was.
    @Test func keysFollowQuirrels() async throws {
        try await TestAPI.with { api in
            let answer = await api.send(
                .post, queue,
                #"{"failureCallback":"http://b/","group":"g","method":"PUT","id":"a","until":"answered","#
                    + #""repeat":{"missed":"all","times":2,"every":5},"retryPolicy":{"attempts":2}}"#)
            let schedule = #","repeat":{"count":1,"every":5,"times":2,"missed":"all"}"#
            let keys =
                #","method":"PUT","retryPolicy":{"attempts":2},"group":"g","until":"answered","#
                + #""failureCallback":"http://b/""#
            #expect(answer.text == Self.answer(keys, schedule: schedule))
            #expect(await api.send(.get, queue + "/a").text == answer.text)
        }
    }

    @Test(arguments: MissedRuns.allCases) func whatBecomesOfMissedRunsStandsInRepeat(_ missed: MissedRuns) async throws
    {
        try await TestAPI.with { api in
            let asked = #"{"cron":"0 0 * * *","missed":"\#(missed.rawValue)"}"#
            let answer = await api.send(.post, queue, #"{"id":"a","repeat":\#(asked)}"#)
            let told = #"{"cron":"0 0 * * *","cronTimezone":"Etc/UTC","count":1,"missed":"\#(missed.rawValue)"}"#
            #expect(answer.text.hasSuffix(#","repeat":\#(told)}"#), "\(answer)")
            #expect(await api.send(.get, queue + "/a").text == answer.text)
        }
    }

    /// It is shown as what it is, however it came.
    @Test(arguments: [
        ("aGk=", #""body":"hi""#), ("", #""body":"""#), ("w6kK", #""body":"é\n""#), ("AA==", #""body":"\u0000""#),
        ("/w==", #""bodyBase64":"/w==""#), ("AP/+", #""bodyBase64":"AP/+""#), ("w6nD", #""bodyBase64":"w6nD""#),
    ])
    func payloadOfBytesIsAnsweredAsTextWhereItIsText(_ base64: String, _ body: String) async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.post, queue, #"{"id":"a","bodyBase64":"\#(base64)"}"#)
            #expect(answer.text == Self.answer("", body: body))
            #expect(await api.send(.get, queue + "/a").text == answer.text)
        }
    }

    @Test func longPayloadOfBytesComesBackWhole() async throws {
        try await TestAPI.with { api in
            let base64 = String(repeating: "/v8A", count: 100_000)
            let answer = await api.send(.post, queue, #"{"id":"a","bodyBase64":"\#(base64)"}"#)
            #expect(answer.json?["bodyBase64"] == .string(base64))
            #expect(await api.send(.get, queue + "/a").text == answer.text)
        }
    }

    @Test func timesAreAnsweredInUTC() async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.post, queue, #"{"expiresAt":"2027-01-01T01:00:00.5+01:00"}"#)
            #expect(answer.json?["expiresAt"] == .string("2027-01-01T00:00:00.500Z"))
        }
    }

    @Test func requestWithoutThemIsAnsweredAsEver() async throws {
        try await TestAPI.with { api in
            let names = [
                "method", "headers", "bodyBase64", "timeout", "expiresAt", "retryPolicy", "group", "until", "callback",
                "failureCallback",
            ]
            let nulls = names.map { "\"\($0)\":null" }.joined(separator: ",")
            let body = #"{"id":"a",\#(nulls),"repeat":{"every":5,"missed":null}}"#
            let answer = await api.send(.post, queue, body)
            #expect(answer.text == Self.answer("", schedule: #","repeat":{"count":1,"every":5}"#))
        }
    }

    @Test func overrideReplacesThemAll() async throws {
        try await TestAPI.with { api in
            _ = await api.send(
                .post, queue,
                #"{"id":"a","method":"PUT","headers":{"a":"b"},"bodyBase64":"/w==","timeout":5,"group":"g","#
                    + #""expiresAt":"2027-01-01T00:00:00Z","retryPolicy":{"attempts":2},"until":"answered","#
                    + #""callback":"http://a/","failureCallback":"http://a/"}"#)
            let second = await api.send(.post, queue, #"{"id":"a","override":true}"#)
            #expect(second.text == Self.answer(""))
            #expect(await api.send(.get, queue + "/a").text == second.text)
        }
    }

    @Test(arguments: [
        (#"{"method":"TRACE"}"#, "/method must NOT be CONNECT or TRACE"),
        (#"{"timeout":3600001}"#, "/timeout must be <= 3600000"),
        (#"{"headers":{"Host":"a"}}"#, "/headers/Host must NOT be set: it is taken from the URL"),
        (
            #"{"callback":"http://a..b/"}"#,
            "/callback cannot be called: the URL is malformed: its host has an empty label"
        ),
        (#"{"repeat":{"every":5,"missed":"some"}}"#, "/repeat/missed must be equal to one of the allowed values"),
        (#"{"bodyBase64":"a"}"#, "/bodyBase64 must be base64 with padding (RFC 4648)"),
        // Quirrel's own keys come first.
        (#"{"method":"TRACE","delay":-1}"#, "/delay must be >= 0"),
    ])
    func firstFaultIsToldAndNothingIsStored(_ body: String, _ message: String) async throws {
        try await TestAPI.with { api in
            let one = await api.send(.post, queue, body)
            #expect(one.isInvalid("body" + message), "\(one)")
            let many = await api.send(.post, queue + "/batch", #"[{"id":"a"},\#(body)]"#)
            #expect(many.isInvalid("body/1" + message), "\(many)")
            #expect(await api.send(.get, "/queues").text == "[]")
        }
    }

    @Test func oneOfABatchThatContradictsItselfStoresNothing() async throws {
        try await TestAPI.with { api in
            let answer = await api.send(
                .post, queue + "/batch", #"[{"id":"a"},{"retry":[5],"retryPolicy":{"attempts":2}}]"#)
            #expect(answer.isInvalid("body.1.retry and body.1.retryPolicy cannot be used together."), "\(answer)")
            #expect(await api.send(.get, "/queues").text == "[]")
        }
    }

    /// 201, as it was asked for in time for all that its sender could know.
    @Test func jobThatHasExpiredIsADeadLetterAtOnce() async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.post, queue, #"{"id":"a","expiresAt":"2026-03-01T12:00:00.250Z"}"#)
            #expect(answer.status == 201)
            #expect(await api.send(.get, queue + "/a").status == 404)
            let letters = await api.send(.get, "/dead-letters")
            #expect(letters.text.contains(#""reason":"expired""#), "\(letters)")
            #expect(letters.text.contains(#""expiresAt":"2026-03-01T12:00:00.250Z""#), "\(letters)")
        }
    }

    @Test func fieldsAndAddressesCountAsWhatAJobTakes() {
        var job = Job(key: JobKey(QueueName(tenant: "t", endpoint: "http://a/"), "id"), body: "é", runAt: nil)
        #expect(job.byteCount == 13)
        job.options.headers = [JobHeader("ab", "cd")]
        job.options.callback = "http://a/"
        job.options.failureCallback = "http://ab/"
        job.options.url = "http://abc/"
        #expect(job.byteCount == 13 + 4 + 9 + 10 + 11)
        // With their text in base64.
        job.body = .bytes([0xFF, 0xFE, 0xFD])
        #expect(job.byteCount == 11 + 7 + 4 + 9 + 10 + 11)
    }
}
