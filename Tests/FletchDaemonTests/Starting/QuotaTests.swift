import Testing

/// What a tenant may have, as the command line says it.
@Suite(.timeLimit(.minutes(3)))
struct QuotaTests {
    private static let endpoint = "http://localhost:1/later"

    /// What was stored before the start counts, and what has been delivered since does not.
    @Test func restartGoesOnCounting() async throws {
        try await withPlace { place in
            try await withOrigin { origin in
                let draft = Draft(body: "12345", delay: 3_600_000)
                try await withDaemon(place, ["--maximum-jobs", "3"]) { daemon in
                    try await daemon.api.enqueue(all: [draft, draft], at: Self.endpoint)
                }
                try await withDaemon(place, environment: ["MAXIMUM_JOBS": "3", "MAXIMUM_BYTES": "17"]) { daemon in
                    let path = API.path(Self.endpoint)
                    #expect(try await daemon.api.ask("POST", path, body: #"{"body":"12345678"}"#).status == 429)
                    try await daemon.api.enqueue(Draft(body: "1234567", id: "now"), at: origin.url("/"))
                    try await daemon.api.waitUntilGone("now", at: origin.url("/"))
                    try await daemon.api.enqueue(draft, at: Self.endpoint)
                    let refused = try await daemon.api.ask("POST", path, body: "{}")
                    #expect(refused.status == 429)
                    #expect(refused.body.contains("--maximum-jobs is 3, and the tenant has 3;"), "\(refused.body)")
                }
            }
        }
    }

    @Test func emptyQueuesBeyondTheLimitAreForgotten() async throws {
        try await withPlace { place in
            try await withDaemon(place, ["--maximum-queues", "2"]) { daemon in
                for number in 0..<4 {
                    let endpoint = "http://localhost:1/\(number)"
                    try await daemon.api.enqueue(Draft(id: "a", delay: 3_600_000), at: endpoint)
                    #expect(try await daemon.api.delete("a", at: endpoint))
                }
                let queues = try await daemon.api.ask("GET", "/queues").body
                #expect(queues == #"["http://localhost:1/2","http://localhost:1/3"]"#)
            }
        }
    }

    @Test(arguments: ["null", "0", "-1", "1.5", "10MB", "1000000000001", "99999999999999999999"])
    func whatIsNoQuotaIsAMistake(_ value: String) async throws {
        let names = [
            "maximum-jobs", "maximum-bytes", "maximum-queues", "maximum-idempotency-bytes", "maximum-dead-letters",
            "maximum-dead-letter-bytes",
        ]
        let checked = try await outcome(of: ["check"] + names.map { "--\($0)=\(value)" })
        for name in names {
            let problem = "--\(name) is \(value): a whole number, at least 1 and at most 1000000000000"
            #expect(checked.printed.contains(problem), "\(checked.printed)")
        }
        let refused = try await outcome(of: [], environment: ["MAXIMUM_BYTES": value])
        #expect(refused.status == 2)
        #expect(refused.said.contains("MAXIMUM_BYTES is \(value)"))
    }

    @Test(arguments: ["null", "0", "-1s", "999ms", "36501d", "14"])
    func whatIsNoRetentionIsAMistake(_ value: String) async throws {
        let checked = try await outcome(of: ["check", "--dead-letter-retention=\(value)"])
        let problem = "--dead-letter-retention is \(value): a duration of at least 1s and at most 36500d"
        #expect(checked.status != 0 && checked.printed.contains(problem), "\(checked.printed)")
    }

    @Test(arguments: ["0", "-1", "1000000000001"])
    func whatIsNoNumberOfBytesUnderWayIsAMistake(_ value: String) async throws {
        let checked = try await outcome(of: ["check", "--total-body-bytes=\(value)"])
        let problem = "--total-body-bytes is \(value): a whole number, at least 1 and at most 1000000000000"
        #expect(checked.status != 0 && checked.printed.contains(problem), "\(checked.printed)")
    }

    /// Each is read from its own variable, and `check` says which that is.
    @Test func limitsOfDeadLettersAreReadFromTheEnvironment() async throws {
        let environment = [
            "DEAD_LETTER_RETENTION": "36h", "MAXIMUM_DEAD_LETTERS": "17", "MAXIMUM_DEAD_LETTER_BYTES": "4711",
        ]
        let checked = try await outcome(of: ["check", "--port", "0"], environment: environment)
        for (variable, value) in environment {
            let lines = checked.printed.split(separator: "\n").filter { $0.contains(variable) }
            #expect(lines.count == 1 && lines.allSatisfy { $0.contains(value) }, "\(checked.printed)")
        }
    }
}
