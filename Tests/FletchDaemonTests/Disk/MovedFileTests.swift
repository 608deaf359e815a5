import Foundation
import Testing

/// Files of the database that are moved or deleted while `fletchd` runs.
@Suite(.timeLimit(.minutes(3)))
struct MovedFileTests {
    @Test(arguments: ["", "-wal"])
    func nothingIsAcceptedOrDeliveredUntilTheFileIsBack(_ suffix: String) async throws {
        try await withPlace { place in
            try await withOrigin { origin in
                try await withDaemon(place) { daemon in
                    // Later than the file is moved.
                    try await daemon.api.enqueue(Draft(body: "due", delay: 6_000), at: origin.url("/"))
                    let due = ContinuousClock.now + .seconds(6)
                    try FileManager.default.moveItem(atPath: place.database + suffix, toPath: place.path("aside"))
                    try await Self.expectRefused(daemon.api, origin)
                    try await daemon.program.said.wait {
                        Daemon.lines("no jobs can be leased", in: $0).contains { $0["code"] == "store-moved" }
                    }
                    try await polled("the job to be due") { ContinuousClock.now > due ? () : nil }
                    #expect(origin.records.value.requests.isEmpty)
                    try FileManager.default.moveItem(atPath: place.path("aside"), toPath: place.database + suffix)
                    try await origin.records.wait { $0.counts == ["due": 1] }
                    try await daemon.api.waitUntilEmpty()
                    #expect(try await daemon.api.ask("GET", "/health").status == 200)
                }
            }
        }
    }

    private static func expectRefused(_ api: API, _ origin: Origin) async throws {
        let answer = try await api.ask("POST", API.path(origin.url("/")), body: Draft(body: "refused").json)
        #expect(answer.status == 503)
        #expect(answer.body.contains("\"code\":\"store-moved\""), "\(answer.body)")
        #expect(answer.body.contains("put the same file back"), "\(answer.body)")
        #expect(try await api.ask("GET", "/queues/stats").status == 503)
        #expect(try await api.ask("GET", "/health").status == 502)
    }

    @Test func endAfterADeletionMakesNoNewFile() async throws {
        try await withPlace { place in
            try await withDaemon(place) { daemon in
                try await daemon.api.enqueue(Draft(delay: 3_600_000), at: "http://127.0.0.1:1/")
                try FileManager.default.removeItem(atPath: place.database)
                #expect(try await daemon.api.ask("GET", "/health").status == 502)
                #expect(try await daemon.terminate() == 0)
            }
            #expect(!FileManager.default.fileExists(atPath: place.database))
        }
    }
}
