import Glibc
import Testing

/// SIGTERM and SIGINT let what is under way end; a second one ends at once. Neither loses a job.
@Suite(.timeLimit(.minutes(3)))
struct ShutdownTests {
    @Test(arguments: [SIGTERM, SIGINT])
    func itWaitsForDeliveriesThatAreUnderWay(_ number: Int32) async throws {
        try await withPlace { place in
            try await withOrigin({ _ in .held(200) }) { origin in
                try await withDaemon(place, ["--concurrency", "3"]) { daemon in
                    try await Self.enqueue(5, daemon, origin, underWay: 3)
                    daemon.program.signal(number)
                    try await Self.waitUntilRefused(daemon)
                    #expect(!daemon.program.hasEnded)
                    origin.release()
                    #expect(try await daemon.program.end() == 0)
                    #expect(origin.records.value.requests.count == 3, "it took on more while it was to end")
                }
                try await Self.deliverTheRest(place, origin)
                #expect(origin.records.value.counts == ["0": 1, "1": 1, "2": 1, "3": 1, "4": 1])
            }
        }
    }

    @Test func whatDoesNotEndInTimeIsHandedBackAndDeliveredLater() async throws {
        try await withPlace { place in
            try await withOrigin({ _ in .held(200) }) { origin in
                try await withDaemon(place, ["--drain-timeout", "0.2"]) { daemon in
                    try await Self.enqueue(3, daemon, origin, underWay: 3)
                    #expect(try await daemon.terminate() == 0)
                    let said = Daemon.lines("handed back what was under way", in: daemon.program.said.value)
                    #expect(said.first?["jobs"] == "3")
                }
                origin.release()
                try await Self.deliverTheRest(place, origin)
                let attempts = Dictionary(grouping: origin.records.value.requests, by: \.body).mapValues {
                    $0.map(\.attempt)
                }
                #expect(attempts == ["0": [1, 2], "1": [1, 2], "2": [1, 2]])
            }
        }
    }

    /// Such a job has succeeded before its endpoint has read its bytes, and a reset could destroy them.
    @Test func itWaitsForConnectionsWhoseBytesAreAcknowledgedOnly() async throws {
        try await withPlace { place in
            try await withOrigin({ _ in .held(200) }) { origin in
                try await withDaemon(place) { daemon in
                    let job = #"{"body":"0","until":"acknowledged"}"#
                    let answer = try await daemon.api.ask("POST", API.path(origin.url("/")), body: job)
                    #expect(answer.status == 201)
                    try await origin.wait(for: 1, at: "/")
                    try await daemon.api.waitUntilEmpty()
                    daemon.program.signal(SIGTERM)
                    // Without one it ends at once, or within its second of grace.
                    await #expect(throws: NotInTime.self) { try await daemon.program.end(within: .seconds(3)) }
                    origin.release()
                    #expect(try await daemon.program.end() == 0)
                    #expect(origin.records.value.counts == ["0": 1])
                }
            }
        }
    }

    @Test func itWaitsForSuchConnectionsNoLongerThanTheLimit() async throws {
        try await withPlace { place in
            try await withOrigin({ _ in .held(200) }) { origin in
                try await withDaemon(place, ["--drain-timeout", "200ms"]) { daemon in
                    let job = #"{"until":"acknowledged"}"#
                    _ = try await daemon.api.ask("POST", API.path(origin.url("/")), body: job)
                    try await origin.wait(for: 1, at: "/")
                    try await daemon.api.waitUntilEmpty()
                    daemon.program.signal(SIGTERM)
                    // Connections stay parked for longer than that.
                    #expect(try await daemon.program.end(within: .seconds(20)) == 0)
                }
            }
        }
    }

    @Test(arguments: [(SIGTERM, SIGTERM), (SIGINT, SIGINT), (SIGTERM, SIGINT)])
    func secondSignalEndsItAtOnceAndLosesNothing(_ first: Int32, _ second: Int32) async throws {
        try await withPlace { place in
            try await withOrigin({ _ in .held(200) }) { origin in
                try await withDaemon(place, ["--concurrency", "2"]) { daemon in
                    try await Self.enqueue(4, daemon, origin, underWay: 2)
                    daemon.program.signal(first)
                    try await Self.waitUntilRefused(daemon)
                    daemon.program.signal(second)
                    #expect(try await daemon.program.end() == 128 + second)
                }
                origin.release()
                try await Self.deliverTheRest(place, origin)
                #expect(Set(origin.records.value.counts.keys) == ["0", "1", "2", "3"])
                #expect(origin.records.value.counts.values.allSatisfy { $0 <= 2 })
            }
        }
    }

    /// A client that never sends the rest of its request is not waited for longer than a delivery.
    @Test func halfARequestHoldsTheEndUpNoLongerThanTheLimit() async throws {
        try await withPlace { place in
            try await withDaemon(place, ["--drain-timeout", "0.2"]) { daemon in
                let half = try Wire(port: daemon.api.port)
                _ = try half.ask("GET", "/health")
                try half.send("POST /queues/http%3A%2F%2Fa HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{")
                #expect(try await daemon.terminate() == 0)
                withExtendedLifetime(half) {}
            }
        }
    }

    @Test func idleOneEndsAtOnce() async throws {
        try await withPlace { place in
            try await withDaemon(place) { daemon in
                let status = try await daemon.terminate()
                #expect(status == 0)
                #expect(daemon.program.printed.value == "")
            }
        }
    }

    private static func enqueue(_ count: Int, _ daemon: Daemon, _ origin: Origin, underWay: Int) async throws {
        try await daemon.api.enqueue(all: (0..<count).map { Draft(body: "\($0)") }, at: origin.url("/"))
        try await origin.wait(for: underWay, at: "/")
    }

    private static func waitUntilRefused(_ daemon: Daemon) async throws {
        try await polled("the refusal of connections") { () -> Void? in
            do {
                _ = try await daemon.api.ask("GET", "/health")
                return nil
            } catch is Wire.Broken {
                return ()
            }
        }
    }

    private static func deliverTheRest(_ place: Place, _ origin: Origin) async throws {
        try await withDaemon(place) { daemon in
            try await daemon.api.waitUntilEmpty()
            #expect(try await daemon.terminate() == 0)
        }
    }
}
