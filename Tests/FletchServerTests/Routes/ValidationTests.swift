import Testing

@testable import FletchServer

/// The words are Ajv's, and what clients have been written for.
@Suite struct ValidationTests {
    static let bodies: [(String, String)] = [
        (#"{"delay":-1}"#, "body/delay must be >= 0"), (#"{"delay":"x"}"#, "body/delay must be number"),
        (#"{"delay":"Infinity"}"#, "body/delay must be number"), (#"{"delay":"NaN"}"#, "body/delay must be number"),
        (#"{"delay":"1e999"}"#, "body/delay must be number"), (#"{"delay":1e400}"#, "body/delay must be number"),
        (#"{"id":[null]}"#, "body/id must be string"), (#"{"retry":[null]}"#, "body/retry/0 must be number"),
        (#"{"delay":""}"#, "body/delay must be number"), (#"{"delay":[1,2]}"#, "body/delay must be number"),
        (#"{"delay":{}}"#, "body/delay must be number"), (#"{"body":{}}"#, "body/body must be string"),
        (#"{"id":[]}"#, "body/id must be string"), (#"{"exclusive":2}"#, "body/exclusive must be boolean"),
        (#"{"override":"yes"}"#, "body/override must be boolean"), (#"{"retry":{}}"#, "body/retry must be array"),
        (#"{"retry":[]}"#, "body/retry must NOT have fewer than 1 items"),
        (#"{"retry":[1,1,1,1,1,1,1,1,1,1,1]}"#, "body/retry must NOT have more than 10 items"),
        (#"{"retry":[1,-1]}"#, "body/retry/1 must be >= 0"), (#"{"retry":[1,"x"]}"#, "body/retry/1 must be number"),
        (#"{"runAt":"x"}"#, #"body/runAt must match format \"date-time\""#),
        (#"{"runAt":5}"#, #"body/runAt must match format \"date-time\""#),
        (#"{"runAt":{}}"#, "body/runAt must be string"), (#"{"repeat":5}"#, "body/repeat must be object"),
        (#"{"repeat":[]}"#, "body/repeat must be object"),
        (#"{"repeat":{"every":"a"}}"#, "body/repeat/every must be number"),
        (#"{"repeat":{"every":-1}}"#, "body/repeat/every must be >= 0"),
        (#"{"repeat":{"times":0}}"#, "body/repeat/times must be >= 1"),
        (#"{"repeat":{"times":0.5}}"#, "body/repeat/times must be >= 1"),
        (#"{"repeat":{"cron":{}}}"#, "body/repeat/cron must be string"),
        (
            #"{"repeat":{"cron":"every day"}}"#,
            "body.repeat.cron uses unsupported syntax. See https://github.com/harrisiirak/cron-parser for reference."
        ),
        (
            #"{"repeat":{"cron":"* * * * *","cronTimezone":"Mars/Olympus"}}"#,
            "body.repeat.cronTimezone is invalid, please provide a valid IANA timezone."
        ),
        (
            #"{"repeat":{"every":5,"cronTimezone":"PST"}}"#,
            "body.repeat.cronTimezone is invalid, please provide a valid IANA timezone."
        ),
        (
            #"{"repeat":{"every":5},"retry":[1]}"#,
            "body.retry and body.repeat cannot be used together: body.retryPolicy retries what repeats."
        ),
        ("[]", "body must be object"), ("5", "body must be object"), ("null", "body must be object"),
        (#"{"delay":-1,"retry":[]}"#, "body/delay must be >= 0"),
    ]

    @Test(arguments: bodies)
    func firstFaultIsTold(_ body: String, _ message: String) async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.post, queue, body)
            #expect(answer.isInvalid(message), "\(answer)")
            #expect(await api.send(.get, "/queues").text == "[]")
        }
    }

    @Test func expressionThatNeverFiresIsToldApart() async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.post, queue, #"{"repeat":{"cron":"0 0 30 2 *"}}"#)
            #expect(answer.status == 400)
            #expect(answer.text.contains("body.repeat.cron never fires"))
        }
    }

    @Test(arguments: [
        ("https://${SOME_ENV_VAR}/api/someQueue", #"params/endpoint must match format \"uri\""#),
        ("x", #"params/endpoint must match format \"uri\""#), ("\0", #"params/endpoint must match format \"uri\""#),
        ("mailto:a@example.com", "endpoint needs to be absolute URL."),
    ])
    func endpointHasToBeAnAbsoluteURL(_ endpoint: String, _ message: String) async throws {
        try await TestAPI.with { api in
            let one = await api.send(.post, "/queues/" + endpoint.encoded, "{}")
            #expect(one.isInvalid(message), "\(one)")
            let many = await api.send(.post, "/queues/\(endpoint.encoded)/batch", "[{}]")
            #expect(many.isInvalid(message), "\(many)")
        }
    }

    /// While there is somebody to hear of it. What is there already can be seen and deleted.
    @Test(arguments: [
        ("http://256.1.1.1/", "the URL is malformed: its host is no IPv4 address"),
        (
            "http://\(String(repeating: "a", count: 64)).example/",
            "the URL is malformed: its host is longer than names are: 253 bytes, and 63 between dots (RFC 1035)"
        ),
        ("ftp://example.com/", "the scheme \\\"ftp\\\" is not supported: use http or https"),
        ("http://example.com:0/", "the URL is malformed: its port is not a number from 1 to 65535"),
        ("http://example.com:99999/", "the URL is malformed: its port is not a number from 1 to 65535"),
        ("http://a..b/", "the URL is malformed: its host has an empty label"),
        ("http://.a.test/", "the URL is malformed: its host has an empty label"),
        (
            "http://255.255.255.255/",
            "the URL is malformed: its host is the address of many machines (multicast or broadcast), not of one"
        ),
        (
            "http://224.0.0.1:81/",
            "the URL is malformed: its host is the address of many machines (multicast or broadcast), not of one"
        ),
        (
            "http://[::ffff:224.0.0.1]/",
            "the URL is malformed: its host is the address of many machines (multicast or broadcast), not of one"
        ),
        (
            "http://0xef.1/",
            "the URL is malformed: its host is the address of many machines (multicast or broadcast), not of one"
        ),
        (
            "http://[ff02::1]/",
            "the URL is malformed: its host is the address of many machines (multicast or broadcast), not of one"
        ),
        ("http://[1::2::3]/", "the URL is malformed: its bracketed host is not an IPv6 address"),
    ])
    func endpointThatCanNeverBeCalledIsRefused(_ endpoint: String, _ why: String) async throws {
        try await TestAPI.with { api in
            let path = "/queues/" + endpoint.encoded
            #expect(await api.send(.post, path, "{}").isInvalid("endpoint cannot be called: \(why)"))
            #expect(await api.send(.post, path + "/batch", "[{}]").isInvalid("endpoint cannot be called: \(why)"))
            let cron = #"{"baseUrl":"\#(endpoint)","crons":[{"route":"a","schedule":"@daily"}]}"#
            let update = await api.send(.put, "/queues/update-cron", cron)
            #expect(update.isInvalid("body/baseUrl cannot be called: \(why)"), "\(update)")
            #expect(await api.send(.get, path).status == 200)
            #expect(await api.send(.delete, path).status == 204)
            #expect(await api.send(.get, "/queues").text == "[]")
        }
    }

    @Test func everyRouteLooksAtTheEndpoint() async throws {
        try await TestAPI.with { api in
            for path in ["/queues/x%20y", "/queues/x%20y/1"] {
                #expect(await api.send(.get, path).isInvalid(#"params/endpoint must match format \"uri\""#))
                #expect(await api.send(.delete, path).isInvalid(#"params/endpoint must match format \"uri\""#))
            }
            #expect(await api.send(.post, "/queues/x/1").isInvalid(#"params/endpoint must match format \"uri\""#))
        }
    }

    @Test func schemaComesBeforeTheURLAndThatBeforeCron() async throws {
        try await TestAPI.with { api in
            let body = #"{"repeat":{"cron":"x","cronTimezone":"x"}}"#
            #expect(await api.send(.post, "/queues/a:b", #"{"delay":-1}"#).isInvalid("body/delay must be >= 0"))
            #expect(await api.send(.post, "/queues/a:b", body).isInvalid("endpoint needs to be absolute URL."))
            #expect(await api.send(.post, queue, body).text.contains("unsupported syntax"))
        }
    }
}
