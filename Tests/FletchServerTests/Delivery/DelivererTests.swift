import Fletch
import FletchQueue
import Logging
import Testing

@testable import FletchServer

/// Deliveries to an origin, as their jobs ask for them.
@Suite(.timeLimit(.minutes(5)))
struct DelivererTests {
    /// Delivers a job once.
    private static func deliver(
        to url: String, timeout: Duration = .seconds(120), policies: PolicyBook = PolicyBook(),
        _ change: (inout Job) -> Void
    ) async throws -> DeliveryEnd {
        var job = Job(key: JobKey(QueueName(tenant: "t", endpoint: url), "a"), body: "hi", runAt: nil)
        change(&job)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        var configuration = Deliverer.configuration(totalConcurrency: 10, logger: logger)
        configuration.proxy = .none
        let client = try FletchClient(configuration)
        let deliverer = Deliverer(
            client: client, clock: StoppedClock(), timeout: timeout, policies: policies, logger: logger)
        let end = await deliverer.deliver(
            LeasedJob(lease: 1, job: job, scheduledAt: TestAPI.now, attempt: 1))
        await client.drain(within: .zero)
        return end
    }

    /// - Returns: nil where it was no run.
    private static func outcome(_ end: DeliveryEnd) -> RunOutcome? {
        if case .ran(let outcome) = end { outcome } else { nil }
    }

    @Test func methodFieldsAndBytesArrive() async throws {
        try await ScriptedOrigin.with({ _ in ScriptedOrigin.answer(200) }) { origin in
            let end = try await Self.deliver(to: origin.url("/a?b=c")) { job in
                job.body = .bytes([0xFF, 0x00, 0x0A])
                job.options.method = "PUT"
                job.options.headers = [JobHeader("Content-Type", "a/b"), JobHeader("X-A", "é")]
            }
            #expect(Self.outcome(end)?.action == .succeed)
            let request = try #require(origin.requests.first)
            #expect(request.line == "PUT /a?b=c HTTP/1.1")
            #expect(request.value(of: "content-type") == "a/b")
            #expect(request.value(of: "x-a") == "é")
            #expect(request.body == [0xFF, 0x00, 0x0A])
        }
    }

    @Test func urlIsCalledInPlaceOfTheEndpoint() async throws {
        try await ScriptedOrigin.with({ _ in ScriptedOrigin.answer(200) }) { origin in
            let end = try await Self.deliver(to: "http://queue.invalid/") { $0.options.url = origin.url("/there") }
            #expect(Self.outcome(end)?.status == 200)
            #expect(origin.requests.map(\.line) == ["POST /there HTTP/1.1"])
        }
    }

    /// It says how long a body is that does not come, and does not close.
    @Test(arguments: [("HEAD", 200), ("HEAD", 404)]) func answerToHeadHasNoBody(_ method: String, _ status: Int)
        async throws
    {
        let answer = "HTTP/1.1 \(status) Status\r\nContent-Length: 100\r\n\r\n"
        try await ScriptedOrigin.with({ _ in answer }) { origin in
            let end = try await Self.deliver(to: origin.url()) { job in
                job.body = ""
                job.options.method = method
            }
            #expect(Self.outcome(end)?.status == status)
            let request = try #require(origin.requests.first)
            #expect(request.value(of: "content-length") == nil)
            #expect(request.value(of: "content-type") == nil)
        }
    }

    /// It succeeds before anything is said: there is no status to go by.
    @Test func acknowledgedJobDoesNotWaitForAnAnswer() async throws {
        try await ScriptedOrigin.with({ _ in nil }) { origin in
            let end = try await Self.deliver(to: origin.url()) { $0.options.until = .acknowledged }
            #expect(Self.outcome(end) == .succeeded)
            #expect(await origin.wait(for: 1).map(\.body) == [Array("hi".utf8)])
        }
    }

    @Test(arguments: [302, 404, 410, 429, 500])
    func acknowledgedJobDoesNotCareForTheStatus(_ status: Int) async throws {
        let answer = ScriptedOrigin.answer(status, "Location: /there\r\nRetry-After: 5\r\n", body: "no")
        try await ScriptedOrigin.with({ _ in answer }) { origin in
            let statuses = try #require(StatusActions(["4xx": .dead, "5xx": .pause]))
            var policy = Policy()
            policy.statuses = statuses
            let policies = PolicyBook(operators: ["*": policy])
            let end = try await Self.deliver(to: origin.url(), policies: policies) { $0.options.until = .acknowledged }
            #expect(Self.outcome(end) == .succeeded)
            #expect(await origin.wait(for: 1).map(\.line) == ["POST / HTTP/1.1"])
        }
    }

    @Test func acknowledgedJobFailsWhereNobodyListens() async throws {
        try await ScriptedOrigin.withClosedPort { port in
            let end = try await Self.deliver(to: "http://127.0.0.1:\(port)/") { $0.options.until = .acknowledged }
            let outcome = try #require(Self.outcome(end))
            #expect(outcome.action == .retry)
            #expect(outcome.error == "connect-failed")
            #expect(outcome.status == nil)
            #expect(outcome.reach == .unreachable)
        }
    }

    @Test(arguments: [200, 204, 404, 410, 429, 500, 503])
    func anyFinalStatusIsASuccessWhereAnAnswerIsTheGoal(_ status: Int) async throws {
        let answer = status == 204 ? "HTTP/1.1 204 Status\r\n\r\n" : ScriptedOrigin.answer(status, body: "no")
        try await ScriptedOrigin.with({ _ in answer }) { origin in
            let end = try await Self.deliver(to: origin.url()) { $0.options.until = .answered }
            let outcome = try #require(Self.outcome(end))
            #expect(outcome.action == .succeed)
            #expect(outcome.status == status)
            #expect(outcome.answer == nil)
            #expect(outcome.body.isEmpty)
        }
    }

    @Test func redirectIsFollowedWhereAnAnswerIsTheGoal() async throws {
        try await ScriptedOrigin.with { request in
            request.line.contains("/there")
                ? ScriptedOrigin.answer(500) : ScriptedOrigin.answer(307, "Location: /there\r\n")
        } _: { origin in
            let end = try await Self.deliver(to: origin.url()) { $0.options.until = .answered }
            #expect(Self.outcome(end)?.action == .succeed)
            #expect(Self.outcome(end)?.status == 500)
            #expect(origin.requests.map(\.line) == ["POST / HTTP/1.1", "POST /there HTTP/1.1"])
        }
    }

    /// The redirect is an answer itself. For other goals it is none.
    @Test(arguments: [DeliveryGoal.answered, .succeeded]) func redirectThatLeadsNowhereIsAnAnswer(_ goal: DeliveryGoal)
        async throws
    {
        try await ScriptedOrigin.withClosedPort { port in
            for (location, error) in [("/", "too-many-redirects"), ("http://127.0.0.1:\(port)/", "connect-failed")] {
                let answer = ScriptedOrigin.answer(307, "Location: \(location)\r\n")
                try await ScriptedOrigin.with({ _ in answer }) { origin in
                    let end = try await Self.deliver(to: origin.url()) { $0.options.until = goal }
                    let outcome = try #require(Self.outcome(end))
                    #expect(outcome.action == (goal == .answered ? .succeed : .retry))
                    #expect(outcome.status == (goal == .answered ? 307 : nil))
                    #expect(outcome.error == (goal == .answered ? nil : error))
                }
            }
        }
    }

    @Test(arguments: [nil, DeliveryGoal.succeeded])
    func failureOfAnyOtherJobIsKept(_ goal: DeliveryGoal?) async throws {
        try await ScriptedOrigin.with({ _ in ScriptedOrigin.answer(500, body: "no") }) { origin in
            let end = try await Self.deliver(to: origin.url()) { $0.options.until = goal }
            let outcome = try #require(Self.outcome(end))
            #expect(outcome.action == .retry)
            #expect(outcome.answer == "no")
            #expect(outcome.body == Array("no".utf8))
        }
    }

    @Test func secretsAndBodyStayWithTheFirstOrigin() async throws {
        try await ScriptedOrigin.with({ _ in ScriptedOrigin.answer(200) }) { other in
            let answer = ScriptedOrigin.answer(303, "Location: \(other.url("/there"))\r\n")
            try await ScriptedOrigin.with({ _ in answer }) { origin in
                let end = try await Self.deliver(to: origin.url()) { job in
                    job.options.method = "PATCH"
                    job.options.headers = [
                        JobHeader("Authorization", "Bearer a"), JobHeader("Cookie", "a=b"), JobHeader("X-A", "b"),
                        JobHeader("Content-Language", "en"),
                    ]
                }
                #expect(Self.outcome(end)?.status == 200)
                #expect(origin.requests.first?.value(of: "authorization") == "Bearer a")
                let last = try #require(other.requests.first)
                #expect(last.line == "GET /there HTTP/1.1")
                #expect(last.body.isEmpty)
                for name in ["authorization", "cookie", "x-a", "content-language", "content-type", "content-length"] {
                    #expect(last.value(of: name) == nil, "\(name)")
                }
                #expect(last.value(of: "idempotency-key") == "a")
            }
        }
    }

    @Test func timeoutOfTheJobEndsItsDelivery() async throws {
        try await ScriptedOrigin.with({ _ in nil }) { origin in
            let end = try await Self.deliver(to: origin.url()) { $0.options.timeout = 50 }
            let outcome = try #require(Self.outcome(end))
            #expect(outcome.action == .retry)
            #expect(outcome.error == "deadline-exceeded")
            #expect(outcome.reach == .lateForItsOwner)
            #expect(outcome.duration >= 40)
        }
    }
}
