import Foundation
import Testing

/// With and without a test clock, and where there must be none.
@Suite(.timeLimit(.minutes(3))) struct TestClockStartTests {
    private static let refusal = "cannot be used with"

    @Test func withoutTheFlagThereAreNoSuchRoutes() async throws {
        try await withPlace { place in
            try await withDaemon(place) { daemon in
                let clock = try await daemon.api.ask("GET", "/clock")
                #expect(clock.status == 404 && clock.body.contains("Route GET:/clock not found"), "\(clock.body)")
                let advance = try await daemon.api.ask("POST", "/clock/advance", body: #"{"by":1}"#)
                #expect(advance.status == 404)
                #expect(!daemon.program.said.value.contains("time stands still"))
            }
        }
    }

    @Test func logWarnsThatTimeStandsStill() async throws {
        try await withPlace { place in
            try await withDaemon(place, ["--test-clock"]) { daemon in
                #expect(daemon.program.said.value.contains("--test-clock: time stands still"))
            }
        }
    }

    @Test(arguments: [("PASSPHRASES", "a passphrase to test with"), ("JWT_PUBLIC_KEY", "{}")])
    func testClockIsRefusedWhereTokensAreNeeded(_ name: String, _ value: String) async throws {
        let refused = try await outcome(of: ["--port", "0", "--test-clock"], environment: [name: value])
        #expect(refused.status == 2)
        #expect(refused.said.contains("--test-clock \(Self.refusal) \(name)"), "\(refused.said)")
        #expect(refused.said.contains("Leave one of them out"))
        let checked = try await outcome(
            of: ["check", "--port", "0"], environment: [name: value, "TEST_CLOCK": "1"])
        #expect(checked.status == 1)
        #expect(checked.printed.contains("problem: TEST_CLOCK \(Self.refusal) \(name)"), "\(checked.printed)")
    }

    /// Containers of a test run are often given an environment, and no arguments.
    @Test func environmentMayAskForItToo() async throws {
        try await withPlace { place in
            try await withDaemon(place, environment: ["TEST_CLOCK": "1"]) { daemon in
                let clock = try await daemon.api.ask("GET", "/clock")
                #expect(clock.status == 200)
            }
            try await withDaemon(place, environment: ["TEST_CLOCK": "0"]) { daemon in
                let clock = try await daemon.api.ask("GET", "/clock")
                #expect(clock.status == 404)
            }
            let arguments = ["check", "--port", "0", "--store", place.store]
            let checked = try await outcome(of: arguments, environment: ["TEST_CLOCK": "1"])
            #expect(checked.printed.contains("yes  (TEST_CLOCK)"), "\(checked.printed)")
            #expect(checked.printed.contains("warning: TEST_CLOCK: time stands still"), "\(checked.printed)")
            let wrong = try await outcome(of: arguments, environment: ["TEST_CLOCK": "maybe"])
            #expect(wrong.printed.contains("problem: TEST_CLOCK is maybe: 1 for a test clock"), "\(wrong.printed)")
        }
    }

    @Test func clockBeginsAtTheSystemsTimeAtEachStartAndJobsStay() async throws {
        try await withPlace { place in
            try await withOrigin { origin in
                let before = Self.systemTime
                try await withDaemon(place, ["--test-clock"]) { daemon in
                    let clock = TestClock(api: daemon.api)
                    let start = try await clock.now()
                    #expect(before <= start && start <= Self.systemTime)
                    try await daemon.api.enqueue(Draft(id: "a", delay: 2 * TestClock.week), at: origin.url("/"))
                    try await clock.advance(by: TestClock.week)
                    #expect(try await daemon.terminate() == 0)
                }
                try await withDaemon(place, ["--test-clock"]) { daemon in
                    let clock = TestClock(api: daemon.api)
                    let now = try await clock.now()
                    #expect(now <= Self.systemTime)
                    #expect(try await clock.advance(by: TestClock.week) == 0)
                    #expect(try await clock.advance(by: TestClock.week) == 1)
                }
            }
        }
    }

    /// Milliseconds since 1970.
    private static var systemTime: Int64 { Int64((Date().timeIntervalSince1970 * 1_000).rounded(.up)) }
}
