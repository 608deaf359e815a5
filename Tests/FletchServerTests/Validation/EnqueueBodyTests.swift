import FletchQueue
import Testing

@testable import FletchServer

/// What is said of the keys that Quirrel does not have: in Ajv's words, with the place.
@Suite struct EnqueueBodyTests {
    private static func draft(_ text: String) throws -> JobDraft {
        try EnqueueBody(try #require(text.json)).checked()
    }

    /// - Returns: The message; nil where there is nothing to say.
    private static func problem(_ text: String) throws -> String? {
        do {
            _ = try draft(text)
            return nil
        } catch let violation as Violation {
            return "body" + violation.path + " " + violation.message
        } catch let response as APIResponse {
            guard case .string(let message) = Answer(response).message else { return "" }
            return message
        }
    }

    @Test(arguments: [
        ("\"GET\"", "GET"), ("\"HEAD\"", "HEAD"), ("\"OPTIONS\"", "OPTIONS"), ("\"get\"", "get"),
        ("\"Delete\"", "Delete"), ("\"M-SEARCH\"", "M-SEARCH"), (#""!#$%&'*+-.^_`|~09az""#, "!#$%&'*+-.^_`|~09az"),
        ("5", "5"), (#"["PUT"]"#, "PUT"), ("true", "true"), ("\"CONNECTS\"", "CONNECTS"), ("null", nil),
        ("\"\(String(repeating: "A", count: 64))\"", String(repeating: "A", count: 64)),
    ])
    func methodIsKeptAsItWasSent(_ json: String, _ method: String?) throws {
        #expect(try Self.draft("{\"method\":\(json)}").options.method == method)
    }

    private static let noMethod = "body/method must be a method: letters, digits and !#$%&'*+-.^_`|~"

    @Test(arguments: [
        ("\"\"", noMethod), ("\"A B\"", noMethod), (#""A\r\nX: y""#, noMethod), ("\"GÉT\"", noMethod),
        ("\"GET \"", noMethod),
        ("\"A/B\"", noMethod), ("\"CONNECT\"", "body/method must NOT be CONNECT or TRACE"),
        ("\"connect\"", "body/method must NOT be CONNECT or TRACE"),
        ("\"TRACE\"", "body/method must NOT be CONNECT or TRACE"),
        ("\"tRaCe\"", "body/method must NOT be CONNECT or TRACE"),
        ("\"\(String(repeating: "A", count: 65))\"", "body/method must NOT have more than 64 characters"),
        ("{}", "body/method must be string"), ("[\"A\",\"B\"]", "body/method must be string"),
        ("[]", "body/method must be string"),
    ])
    func methodThatIsNoneIsRefused(_ json: String, _ message: String) throws {
        #expect(try Self.problem("{\"method\":\(json)}") == message)
    }

    @Test(arguments: [("1", 1 as Int64?), ("3600000", 3_600_000), ("\"1e3\"", 1_000), ("[5]", 5), ("null", nil)])
    func timeoutIsTaken(_ json: String, _ timeout: Int64?) throws {
        #expect(try Self.draft("{\"timeout\":\(json)}").options.timeout == timeout)
    }

    @Test(arguments: [
        ("0", "must be >= 1"), ("-1", "must be >= 1"), ("false", "must be >= 1"), ("3600001", "must be <= 3600000"),
        ("1e300", "must be <= 3600000"), ("1.5", "must be integer"), ("0.5", "must be integer"),
        ("\"30s\"", "must be integer"), ("\"\"", "must be integer"), ("{}", "must be integer"),
        ("[1,2]", "must be integer"),
    ])
    func timeoutOutOfBoundsIsRefused(_ json: String, _ message: String) throws {
        #expect(try Self.problem("{\"timeout\":\(json)}") == "body/timeout \(message)")
    }

    @Test(arguments: [
        ("\"2026-03-01T12:00:00.250Z\"", TestAPI.now), ("\"2026-03-01T13:00:00.2509+01:00\"", TestAPI.now),
        ("null", nil),
        ("\"1969-12-31T23:59:59.999Z\"", Timestamp(milliseconds: -1)),
    ])
    func expiresAtIsAMoment(_ json: String, _ moment: Timestamp?) throws {
        #expect(try Self.draft("{\"expiresAt\":\(json)}").options.expiresAt == moment)
    }

    @Test(arguments: [
        ("\"tomorrow\"", "must match format \"date-time\""), ("\"\"", "must match format \"date-time\""),
        ("\"2026-02-30T00:00:00Z\"", "must match format \"date-time\""),
        ("1772366400250", "must match format \"date-time\""), ("{}", "must be string"), ("[]", "must be string"),
    ])
    func expiresAtThatIsNoMomentIsRefused(_ json: String, _ message: String) throws {
        #expect(try Self.problem("{\"expiresAt\":\(json)}") == "body/expiresAt \(message)")
    }

    @Test(arguments: [
        (#"{"attempts":1}"#, JobRetryPolicy(attempts: 1) as JobRetryPolicy?), ("null", nil),
        (
            #"{"attempts":100,"base":5,"factor":1.5,"maximum":5,"jitter":"none"}"#,
            JobRetryPolicy(attempts: 100, base: 5, factor: 1.5, maximum: 5, jitter: .off)
        ),
    ])
    func retryPolicyIsTaken(_ json: String, _ policy: JobRetryPolicy?) throws {
        #expect(try Self.draft("{\"retryPolicy\":\(json)}").options.retryPolicy == policy)
        let repeated = try Self.draft("{\"repeat\":{\"every\":5},\"retryPolicy\":\(json)}")
        #expect(repeated.options.retryPolicy == policy)
        #expect(repeated.schedule?.every == 5)
    }

    @Test(arguments: [
        ("5", " must be object"), ("{}", " must have required property 'attempts'"),
        (#"{"attempts":0}"#, "/attempts must be >= 1"), (#"{"attempts":101}"#, "/attempts must be <= 100"),
        (#"{"attempts":2,"base":0}"#, "/base must be >= 1"), (#"{"attempts":2,"factor":11}"#, "/factor must be <= 10"),
        (#"{"attempts":2,"maximum":999}"#, "/maximum must be >= 1000"),
        (#"{"attempts":2,"jitter":"half"}"#, "/jitter must be equal to one of the allowed values"),
        (#"{"attempts":2,"wait":1}"#, " must NOT have additional properties: 'wait'"),
    ])
    func retryPolicyOutOfBoundsIsRefused(_ json: String, _ message: String) throws {
        #expect(try Self.problem("{\"retryPolicy\":\(json)}") == "body/retryPolicy\(message)")
    }

    @Test(arguments: [
        ("\"a\"", "a"), ("\"\"", ""), ("5", "5"), ("null", nil),
        ("\"\(String(repeating: "a", count: 256))\"", String(repeating: "a", count: 256)),
        ("\"\(String(repeating: "é", count: 128))\"", String(repeating: "é", count: 128)),
    ])
    func groupIsTaken(_ json: String, _ group: String?) throws {
        #expect(try Self.draft("{\"group\":\(json)}").group == group)
    }

    @Test(arguments: [
        ("\"\(String(repeating: "a", count: 257))\"", "must NOT have more than 256 bytes"),
        ("\"\(String(repeating: "é", count: 129))\"", "must NOT have more than 256 bytes"), ("{}", "must be string"),
        ("[\"a\",\"b\"]", "must be string"),
    ])
    func groupOutOfBoundsIsRefused(_ json: String, _ message: String) throws {
        #expect(try Self.problem("{\"group\":\(json)}") == "body/group \(message)")
    }

    @Test(arguments: DeliveryGoal.allCases) func everyGoalIsTaken(_ goal: DeliveryGoal) throws {
        #expect(try Self.draft("{\"until\":\"\(goal.rawValue)\"}").options.until == goal)
    }

    @Test(arguments: MissedRuns.allCases) func everyWayToMissIsTaken(_ missed: MissedRuns) throws {
        let draft = try Self.draft("{\"repeat\":{\"every\":5,\"missed\":\"\(missed.rawValue)\"}}")
        #expect(draft.options.missed == missed)
    }

    /// It would stand in an answer that has no `repeat`.
    @Test func wayToMissOfNoRepetitionIsNone() throws {
        #expect(try Self.draft(#"{"repeat":{"every":0,"missed":"all"}}"#).options.isEmpty)
    }

    @Test(arguments: ["until", "repeat/missed"]) func choiceThatIsNoneIsRefused(_ path: String) throws {
        let choice = "must be equal to one of the allowed values"
        for (json, message) in [
            ("\"\"", choice), ("\"ALL\"", choice), ("\"delivered\"", choice), ("5", choice), ("{}", "must be string"),
            ("[]", "must be string"),
        ] {
            let body = path == "until" ? "{\"until\":\(json)}" : "{\"repeat\":{\"every\":5,\"missed\":\(json)}}"
            #expect(try Self.problem(body) == "body/\(path) \(message)")
        }
    }

    @Test func callbacksAreTaken() throws {
        let options = try Self.draft(
            #"{"callback":"https://example.com/done?a=b#c","failureCallback":"HTTP://[::1]:8080"}"#
        ).options
        #expect(options.callback == "https://example.com/done?a=b#c")
        #expect(options.failureCallback == "HTTP://[::1]:8080")
    }

    @Test(arguments: ["callback", "failureCallback"]) func callbackThatCannotBeCalledIsRefused(_ key: String) throws {
        for (json, message) in [
            ("\"\"", "must match format \"uri\""), ("\"/done\"", "must match format \"uri\""),
            ("\"example.com\"", "must match format \"uri\""), ("\"mailto:a@example.com\"", "must match format \"uri\""),
            ("\"http://\"", "must match format \"uri\""), ("\"https://example.com/a b\"", "must match format \"uri\""),
            ("5", "must match format \"uri\""), ("{}", "must be string"),
            (
                "\"ftp://example.com/\"",
                "cannot be called: the scheme \"ftp\" is not supported: use http or https"
            ),
            ("\"http://a..b/\"", "cannot be called: the URL is malformed: its host has an empty label"),
            (
                "\"http://224.0.0.1/\"",
                "cannot be called: the URL is malformed: its host is the address of many machines (multicast or "
                    + "broadcast), not of one"
            ),
        ] {
            #expect(try Self.problem("{\"\(key)\":\(json)}") == "body/\(key) \(message)")
        }
    }

    @Test(arguments: [
        ("\"aGk=\"", "hi" as Payload), ("\"\"", ""), ("null", ""), ("\"/w==\"", .bytes([0xFF])),
        ("1234", .bytes([0xD7, 0x6D, 0xF8])),
    ])
    func bytesAreTaken(_ json: String, _ payload: Payload) throws {
        #expect(try Self.draft("{\"bodyBase64\":\(json)}").body == payload)
        #expect(try Self.draft("{\"body\":null,\"bodyBase64\":\(json)}").body == payload)
    }

    @Test(arguments: ["\"a\"", "\"aGk\"", "\"aGl=\"", "\"aG k=\"", "\"_w==\"", "\"é===\"", "5"])
    func whatIsNoBase64IsRefused(_ json: String) throws {
        #expect(
            try Self.problem("{\"bodyBase64\":\(json)}") == "body/bodyBase64 must be base64 with padding (RFC 4648)")
    }

    @Test(arguments: [
        (#"{"body":"","bodyBase64":""}"#, "body.body and body.bodyBase64 cannot be used together."),
        (
            #"{"retry":[5],"retryPolicy":{"attempts":2}}"#,
            "body.retry and body.retryPolicy cannot be used together."
        ),
        (
            #"{"repeat":{"every":5},"headers":{"IDEMPOTENCY-key":"a"}}"#,
            "body.headers cannot have an Idempotency-Key together with body.repeat: receivers would discard every run "
                + "after the first as a duplicate."
        ),
    ])
    func keysThatExcludeEachOtherAreRefused(_ text: String, _ message: String) throws {
        #expect(try Self.problem(text) == message)
    }

    @Test func keysWithoutTheOtherOnesAreTaken() throws {
        #expect(try Self.problem(#"{"headers":{"Idempotency-Key":"a"},"repeat":{"every":0}}"#) == nil)
        #expect(try Self.problem(#"{"headers":{"X-A":"a"},"repeat":{"every":5}}"#) == nil)
        #expect(try Self.problem(#"{"body":"a","bodyBase64":null}"#) == nil)
        #expect(try Self.problem(#"{"retry":null,"retryPolicy":{"attempts":2}}"#) == nil)
    }

    @Test func nullIsAsIfItWereAbsent() throws {
        let keys = [
            "method", "headers", "bodyBase64", "timeout", "expiresAt", "retryPolicy", "group", "until", "callback",
            "failureCallback",
        ]
        let text = "{" + keys.map { "\"\($0)\":null" }.joined(separator: ",") + "}"
        #expect(try Self.draft(text) == Self.draft("{}"))
        #expect(try Self.draft(text).options.isEmpty)
        #expect(try Self.draft(#"{"repeat":{"every":5,"missed":null}}"#).options.isEmpty)
    }
}
