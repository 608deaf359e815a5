import Testing

@testable import FletchServer

@Suite struct UpdateCronTests {
    private static let path = "/queues/update-cron"

    private static func job(_ endpoint: String, _ id: String = "@cron") -> String {
        "/queues/\(endpoint.encoded)/\(id)"
    }

    private static func body(_ crons: String, base: String = "https://a.example/app/", dryRun: Bool = false) -> String {
        #"{"baseUrl":"\#(base)","dryRun":\#(dryRun),"crons":[\#(crons)]}"#
    }

    @Test func routesAreEnqueuedAndOthersDeleted() async throws {
        try await TestAPI.with { api in
            let first = await api.send(
                .put, Self.path,
                Self.body(
                    #"{"route":"/x","schedule":"@daily"},{"route":"y","schedule":"0 4 * * *","timezone":"Asia/Tokyo"}"#)
            )
            #expect(first.status == 200)
            #expect(first.text == #"{"deleted":[]}"#)
            let job = await api.send(.get, "/queues/\("https://a.example/app/y".encoded)/%40cron")
            #expect(
                job.text == #"{"id":"@cron","endpoint":"https://a.example/app/y","body":"null","#
                    + #""runAt":"2026-03-01T19:00:00.000Z","exclusive":false,"retry":[],"count":1,"#
                    + #""repeat":{"cron":"0 4 * * *","cronTimezone":"Asia/Tokyo","count":1}}"#)
            let second = Self.body(#"{"route":"y","schedule":"0 5 * * *"}"#, base: "https://a.example/app")
            let dry = await api.send(.put, Self.path, second.replacing("\"dryRun\":false", with: "\"dryRun\":true"))
            #expect(dry.text == #"{"deleted":["https://a.example/app/x"]}"#)
            #expect(await api.send(.get, "/queues/\("https://a.example/app/x".encoded)/@cron").status == 200)
            #expect(await api.send(.put, Self.path, second).text == #"{"deleted":["https://a.example/app/x"]}"#)
            #expect(await api.send(.get, "/queues/\("https://a.example/app/x".encoded)/@cron").status == 404)
            let moved = await api.send(.get, "/queues/\("https://a.example/app/y".encoded)/@cron")
            #expect(moved.json?["runAt"] == .string("2026-03-02T05:00:00.000Z"))
        }
    }

    /// Whether or not it changes, the schedule begins anew.
    @Test(arguments: [
        (#""schedule":"0 4 * * *""#, "2026-03-02T04:00:00.000Z"),
        (#""schedule":"0 5 * * *""#, "2026-03-02T05:00:00.000Z"),
        (#""schedule":"0 4 * * *","timezone":"Asia/Tokyo""#, "2026-03-01T19:00:00.000Z"),
    ])
    func updateMovesTheNextRunAndCountsFromOne(_ schedule: String, _ runAt: String) async throws {
        try await TestAPI.with { api in
            _ = await api.send(.put, Self.path, Self.body(#"{"route":"x","schedule":"0 4 * * *"}"#))
            try await api.run(at: #require(DateTime.timestamp(of: "2026-03-02T04:00:00Z")))
            let before = await api.send(.get, Self.job("https://a.example/app/x")).json
            #expect(before?["count"] == .number(2))
            #expect(before?["runAt"] == .string("2026-03-03T04:00:00.000Z"))
            _ = await api.send(.put, Self.path, Self.body(#"{"route":"x",\#(schedule)}"#))
            let after = await api.send(.get, Self.job("https://a.example/app/x")).json
            #expect(after?["count"] == .number(1))
            #expect(after?["repeat"]?["count"] == .number(1))
            #expect(after?["runAt"] == .string(runAt))
        }
    }

    @Test func dryRunCreatesAndChangesNothing() async throws {
        try await TestAPI.with { api in
            _ = await api.send(.put, Self.path, Self.body(#"{"route":"x","schedule":"@daily"}"#))
            let stored = await api.send(.get, Self.job("https://a.example/app/x"))
            let crons = #"{"route":"x","schedule":"@hourly"},{"route":"y","schedule":"@daily"}"#
            let dry = await api.send(.put, Self.path, Self.body(crons, dryRun: true))
            #expect(dry.text == #"{"deleted":[]}"#)
            #expect(await api.send(.get, Self.job("https://a.example/app/x")).text == stored.text)
            #expect(await api.send(.get, "/queues").text == #"["https://a.example/app/x"]"#)
        }
    }

    @Test func jobsWithOtherIDsSurviveUnnamed() async throws {
        try await TestAPI.with { api in
            let (both, other) = ("https://a.example/app/both", "https://a.example/app/other")
            _ = await api.send(.put, Self.path, Self.body(#"{"route":"both","schedule":"@daily"}"#))
            for endpoint in [both, other] { _ = await api.send(.post, "/queues/" + endpoint.encoded, #"{"id":"a"}"#) }
            for isDry in [true, false] {
                let answer = await api.send(.put, Self.path, Self.body("", dryRun: isDry))
                #expect(answer.text == #"{"deleted":["\#(both)"]}"#)
            }
            #expect(await api.send(.get, Self.job(both)).status == 404)
            #expect(await api.send(.get, Self.job(both, "a")).status == 200)
            #expect(await api.send(.get, Self.job(other, "a")).status == 200)
        }
    }

    @Test(arguments: [
        (#"{"route":"x","schedule":"@daily","timezone":"x"},{"route":"y","schedule":"x"}"#, "invalid cron expression"),
        (#"{"route":"x","schedule":"0 0 30 2 *"}"#, "invalid cron expression"),
        (#"{"route":"x","schedule":"@daily"},{"route":"y","schedule":"@daily","timezone":"x"}"#, "invalid timezone"),
    ])
    func whatIsNoScheduleIsRefusedAsText(_ crons: String, _ text: String) async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.put, Self.path, Self.body(crons))
            #expect(answer.status == 400)
            #expect(answer.text == text)
            #expect(await api.send(.get, "/queues").text == "[]")
        }
    }

    @Test(arguments: [
        ("{}", "body must have required property 'baseUrl'"),
        (#"{"baseUrl":"https://a"}"#, "body must have required property 'crons'"),
        (#"{"baseUrl":"x","crons":[]}"#, #"body/baseUrl must match format \"uri\""#),
        (#"{"baseUrl":"https://a","crons":{}}"#, "body/crons must be array"),
        (#"{"baseUrl":"https://a","dryRun":2,"crons":[]}"#, "body/dryRun must be boolean"),
        (#"{"baseUrl":"https://a","crons":[{}]}"#, "body/crons/0 must have required property 'route'"),
        (
            #"{"baseUrl":"https://a","crons":[{"route":"a"}]}"#, "body/crons/0 must have required property 'schedule'"
        ),
        (
            #"{"baseUrl":"https://a","crons":[{"route":"a b","schedule":"@daily"}]}"#,
            #"body/crons/0/route must match format \"uri-reference\""#
        ),
        ("[]", "body must be object"),
    ])
    func firstFaultIsTold(_ body: String, _ message: String) async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.put, Self.path, body)
            #expect(answer.isInvalid(message), "\(answer)")
        }
    }
}
