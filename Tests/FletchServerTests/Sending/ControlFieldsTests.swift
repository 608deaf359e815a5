import FletchQueue
import HTTPTypes
import Testing

@testable import FletchServer

@Suite struct ControlFieldsTests {
    private static let target = "https://example.com/hook?x=1"

    @Test func allOfThemMakeTheJob() async throws {
        try await TestAPI.with { api in
            let answer = try await api.forward(
                Self.target, "hi".utf8,
                [
                    "Fletch-Queue": "https://example.com/hook", "fletch-at": "2026-03-02T00:00:00Z", "fletch-id": "é/1",
                    "fletch-method": "PUT", "fletch-attempts": "7", "fletch-timeout": "45s",
                    "fletch-expires": "2026-03-03T00:00:00+01:00", "fletch-group": "g", "fletch-until": "answered",
                    "fletch-callback": "https://a.example/ok", "fletch-failure-callback": "https://a.example/bad",
                ])
            #expect(answer.status == 202, "\(answer)")
            let job = try await api.storedJob(answer)
            var options = JobOptions()
            options.method = "PUT"
            options.headers = []
            options.timeout = 45_000
            options.expiresAt = DateTime.timestamp(of: "2026-03-02T23:00:00Z")
            options.retryPolicy = JobRetryPolicy(attempts: 7)
            options.until = .answered
            options.callback = "https://a.example/ok"
            options.failureCallback = "https://a.example/bad"
            options.url = Self.target
            options.isForwarded = true
            #expect(job.options == options)
            #expect(job.key.queue.endpoint == "https://example.com/hook")
            #expect(job.key.id == "é/1")
            #expect(job.runAt == DateTime.timestamp(of: "2026-03-02T00:00:00Z"))
            #expect(job.group == "g")
            #expect(job.body == "hi")
        }
    }

    @Test(arguments: [
        ("0ms", 0 as Int64), ("250ms", 250), ("30s", 30_000), ("5m", 300_000), ("2h", 7_200_000), ("7d", 604_800_000),
    ])
    func delayIsADurationFromNow(_ text: String, _ milliseconds: Int64) async throws {
        try await TestAPI.with { api in
            let job = try await api.storedJob(api.forward(Self.target, ["fletch-delay": text]))
            #expect(job.runAt?.milliseconds == TestAPI.now.milliseconds + milliseconds)
        }
    }

    @Test func timeCountsBeforeADelay() async throws {
        try await TestAPI.with { api in
            let fields: KeyValuePairs = ["fletch-delay": "1h", "fletch-at": "2026-03-01T13:30:00Z"]
            let job = try await api.storedJob(api.forward(Self.target, fields))
            #expect(job.runAt == DateTime.timestamp(of: "2026-03-01T13:30:00Z"))
        }
    }

    @Test func expiryMayBeADurationFromNow() async throws {
        try await TestAPI.with { api in
            let job = try await api.storedJob(api.forward(Self.target, ["fletch-expires": "2h"]))
            #expect(job.options.expiresAt?.milliseconds == TestAPI.now.milliseconds + 7_200_000)
        }
    }

    @Test func cronRepeatsTheCall() async throws {
        try await TestAPI.with { api in
            let fields: KeyValuePairs = ["fletch-cron": "30 9 * * *", "fletch-cron-timezone": "Europe/Berlin"]
            let answer = try await api.forward(Self.target, fields)
            let job = try await api.storedJob(answer)
            #expect(job.schedule?.cron?.text == "30 9 * * *")
            #expect(job.schedule?.cron?.timeZone == "Europe/Berlin")
            #expect(answer.json?["runAt"] == .string("2026-03-02T08:30:00.000Z"))
        }
    }

    @Test(arguments: [
        ("fletch-attempts", "1"), ("fletch-attempts", "100"), ("fletch-timeout", "1ms"),
        ("fletch-timeout", "3600000ms"),
        ("fletch-timeout", "1h"), ("fletch-id", String(repeating: "a", count: 1_024)),
        ("fletch-group", String(repeating: "a", count: 256)), ("fletch-until", "acknowledged"),
        ("fletch-until", "succeeded"), ("fletch-method", "GET"), ("fletch-method", "purge"), ("fletch-cron", "@daily"),
        ("fletch-expires", "0s"),
    ])
    func whatIsInBoundsIsTaken(_ name: String, _ text: String) async throws {
        try await TestAPI.with { api in
            let answer = try await api.forward(Self.target, [name: text])
            #expect(answer.status == 202, "\(answer)")
        }
    }

    private static let duration = "must be a duration with a unit: 250ms, 30s, 5m, 2h or 7d"
    private static let end =
        "must be a time such as 2026-12-24T18:00:00Z, or a duration with a unit such as 2h"
    private static let uri = #"must match format "uri""#

    @Test(arguments: [
        ("fletch-delay", "30", duration), ("fletch-delay", "-1s", duration), ("fletch-delay", "1.5s", duration),
        ("fletch-delay", "s", duration), ("fletch-delay", "1w", duration), ("fletch-delay", "1 s", duration),
        ("fletch-delay", "9999999999999999999s", duration),
        ("fletch-at", "tomorrow", #"must match format "date-time""#),
        ("fletch-at", "30s", #"must match format "date-time""#),
        ("fletch-id", String(repeating: "a", count: 1_025), "must NOT have more than 1024 bytes"),
        ("fletch-id", String(repeating: "é", count: 513), "must NOT have more than 1024 bytes"),
        ("fletch-method", "CONNECT", "must NOT be CONNECT or TRACE"),
        ("fletch-method", "trace", "must NOT be CONNECT or TRACE"),
        ("fletch-method", "A B", "must be a method: letters, digits and !#$%&'*+-.^_`|~"),
        ("fletch-attempts", "0", "must be >= 1"), ("fletch-attempts", "-1", "must be >= 1"),
        ("fletch-attempts", "101", "must be <= 100"), ("fletch-attempts", "five", "must be integer"),
        ("fletch-attempts", "1e1", "must be integer"), ("fletch-attempts", "0x5", "must be integer"),
        ("fletch-attempts", "1.5", "must be integer"), ("fletch-attempts", "-", "must be integer"),
        ("fletch-attempts", "99999999999999999999", "must be <= 100"),
        ("fletch-timeout", "0s", "must be >= 1"), ("fletch-timeout", "3600001ms", "must be <= 3600000"),
        ("fletch-timeout", "2h", "must be <= 3600000"), ("fletch-timeout", "5", duration),
        ("fletch-expires", "5", end), ("fletch-expires", "soon", end), ("fletch-expires", "2026-13-01T00:00:00Z", end),
        ("fletch-group", String(repeating: "a", count: 257), "must NOT have more than 256 bytes"),
        ("fletch-until", "written", "must be equal to one of the allowed values"),
        ("fletch-queue", "mail", uri), ("fletch-queue", "urn:a:b", uri), ("fletch-queue", "http://", uri),
        ("fletch-queue", "ftp://a/", #"cannot be called: the scheme "ftp" is not supported: use http or https"#),
        ("fletch-callback", "/done", uri), ("fletch-failure-callback", "http://a b/", uri),
        (
            "fletch-callback", "http://a:0/",
            "cannot be called: the URL is malformed: its port is not a number from 1 to 65535"
        ),
        ("fletch-cron-timezone", "Europe/Berlin", "must NOT be set without fletch-cron"),
        ("fletch-atempts", "3", "is not a field of /send"), ("fletch-attempt", "3", "is not a field of /send"),
        ("fletch-forward", "3", "is not a field of /send"), ("fletch-", "3", "is not a field of /send"),
        ("fletch-delay", "", "must NOT be empty"), ("fletch-id", "\u{FFFD}", "must be UTF-8"),
    ])
    func whatIsNotInOrderIsRefused(_ name: String, _ text: String, _ problem: String) async throws {
        try await TestAPI.with { api in
            let answer = try await api.forward(Self.target, [name: text])
            #expect(answer.status == 400)
            #expect(answer.message == .string("headers/\(name) \(problem)"))
            #expect(await api.send(.get, "/queues").text == "[]")
        }
    }

    @Test(arguments: ControlField.allCases) func noneMayBeThereTwice(_ field: ControlField) async throws {
        try await TestAPI.with { api in
            let name = field.rawValue
            let answer = try await api.forward(Self.target, [name: "a", name.uppercased(): "a"])
            #expect(answer.isInvalid("headers/\(name) must NOT be set twice"), "\(answer)")
        }
    }

    @Test func scheduleThatIsNoneIsRefused() async throws {
        try await TestAPI.with { api in
            let expression = try await api.forward(Self.target, ["fletch-cron": "61 * * * *"])
            #expect(expression.status == 400)
            #expect(expression.text.contains(#""message":"headers/fletch-cron is no schedule: "#))
            let zone = try await api.forward(
                Self.target, ["fletch-cron": "@daily", "fletch-cron-timezone": "Europe/Atlantis"])
            #expect(
                zone.isInvalid("headers/fletch-cron-timezone must be an IANA time zone such as Europe/Berlin"),
                "\(zone)")
        }
    }

    @Test(arguments: ["fletch_delay", "Fletch_forward_cookie", "fletch-forward_cookie"])
    func controlFieldWithAnUnderscoreIsRefused(_ name: String) async throws {
        try await TestAPI.with { api in
            let answer = try await api.forward(Self.target, [name: "5s"])
            #expect(answer.isInvalid("headers/\(name.lowercased()) is not a field of /send"), "\(answer)")
        }
    }

    @Test(arguments: ["Idempotency-Key", "fletch-forward-idempotency-key"])
    func keyOfARepeatingCallIsRefused(_ name: String) async throws {
        try await TestAPI.with { api in
            let answer = try await api.forward(Self.target, ["fletch-cron": "@daily", name: "k"])
            #expect(
                answer.isInvalid(
                    "headers/idempotency-key must NOT be set with fletch-cron: receivers would discard every run after the "
                        + "first as a duplicate"), "\(answer)")
        }
    }
}
