import Foundation
import Testing

/// No 201 leaves before its commit is on disk. `kill -9` cannot show that: what is in the page cache survives it.
@Suite(.timeLimit(.minutes(3)), .enabled(if: Preloaded.isAvailable, "there is no C compiler"))
struct FsyncTests {
    /// Also while other jobs are delivered, whose leases and ends wait for no sync.
    @Test func everyAnswerComesAfterTheSyncOfItsCommit() async throws {
        try await withPlace { place in
            let shim = try await DiskShim(place)
            try await withOrigin { origin in
                try await withDaemon(place, environment: shim.environment) { daemon in
                    async let deliveries: Void = Self.enqueueUnmarked(200, daemon.api, origin)
                    try await Self.enqueueAtOnce(clients: 8, jobs: 25, daemon.api)
                    try await Self.enqueueBatch(of: 50, from: 200, daemon.api)
                    try await deliveries
                    #expect(try await daemon.terminate() == 0)
                }
            }
            #expect(Self.promised(shim.events()) == 250)
        }
    }

    private static func enqueueUnmarked(_ count: Int, _ api: API, _ origin: Origin) async throws {
        for _ in 0..<count { try await api.enqueue(Draft(), at: origin.url("/")) }
        try await origin.wait(for: count, at: "/")
    }

    /// Goes through what has happened, and fails where a job is answered that was not on disk by then.
    /// - Returns: How many jobs were answered.
    private static func promised(_ events: [(name: String, mark: String)]) -> Int {
        var (logged, syncing, synced): (Set<String>, Set<String>, Set<String>) = ([], [], [])
        var answered: Set<String> = []
        for event in events {
            switch event.name {
            case "logged": logged.insert(event.mark)
            case "begin": syncing = logged
            case "synced": synced.formUnion(syncing)
            case "answered":
                #expect(synced.contains(event.mark), "\(event.mark) was answered before it was on disk")
                answered.insert(event.mark)
            default: Issue.record("\(event)")
            }
        }
        return answered.count
    }

    private static func enqueueAtOnce(clients: Int, jobs: Int, _ api: API) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in 0..<clients {
                group.addTask {
                    for number in 0..<jobs {
                        try await api.enqueue(waiting(client * jobs + number), at: "http://127.0.0.1:1/")
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private static func enqueueBatch(of count: Int, from first: Int, _ api: API) async throws {
        try await api.enqueue(all: (0..<count).map { waiting(first + $0) }, at: "http://127.0.0.1:1/")
    }

    /// A job that is due in an hour, and known by its mark.
    private static func waiting(_ number: Int) -> Draft {
        Draft(body: DiskShim.mark(number), id: DiskShim.mark(number), delay: 3_600_000)
    }

    @Test func failedSyncIsAnsweredAndNothingHalfIsThere() async throws {
        try await withPlace { place in
            let shim = try await DiskShim(place)
            try await withOrigin { origin in
                try await withDaemon(place, environment: shim.environment) { daemon in
                    try await daemon.api.enqueue(Self.waiting(1), at: origin.url("/"))
                    try shim.fail(.sync)
                    try await Self.expectRefused(daemon.api, origin)
                    try shim.mend(.sync)
                    try await Self.expectRecovered(daemon.api, origin)
                    try await daemon.kill()
                }
                try await Self.expectWhole(place, origin)
            }
        }
    }

    /// What a process that died has left in the log was promised.
    @Test func startIsRefusedWhereTheLogCannotBeBroughtToDisk() async throws {
        try await withPlace { place in
            let shim = try await DiskShim(place)
            let endpoint = "http://127.0.0.1:1/"
            try await withDaemon(place) { daemon in
                _ = try await daemon.api.enqueue(Self.waiting(1), at: endpoint)
            }
            try shim.fail(.sync)
            let refused = try await outcome(
                of: ["--port", "0", "--store", place.store], environment: shim.environment)
            #expect(refused.status != 0 && refused.said.contains("look at the disk"), "\(refused)")
            try shim.mend(.sync)
            try await withDaemon(place, environment: shim.environment) { daemon in
                let job = try await daemon.api.job(DiskShim.mark(1), at: endpoint)
                #expect(job != nil)
            }
        }
    }

    private static func expectRefused(_ api: API, _ origin: Origin) async throws {
        let one = try await api.ask("POST", API.path(origin.url("/")), body: waiting(2).json)
        #expect(one.status == 503, "\(one.body)")
        #expect(one.body.contains("look at the disk"), "\(one.body)")
        let batch = "[" + (10..<20).map { waiting($0).json }.joined(separator: ",") + "]"
        #expect(try await api.ask("POST", API.path(origin.url("/")) + "/batch", body: batch).status == 503)
        #expect(try await api.ask("GET", "/health").status == 502)
        // What was refused is not there; what was accepted is.
        for number in [2] + Array(10..<20) {
            #expect(try await api.job(DiskShim.mark(number), at: origin.url("/")) == nil)
        }
        #expect(try await api.job(DiskShim.mark(1), at: origin.url("/")) != nil)
    }

    private static func expectRecovered(_ api: API, _ origin: Origin) async throws {
        #expect(try await api.ask("GET", "/health").status == 200)
        try await api.enqueue(waiting(3), at: origin.url("/"))
        try await api.enqueue(Draft(body: "now"), at: origin.url("/"))
        try await origin.records.wait { $0.counts["now"] == 1 }
    }

    /// After the process was killed, and without the shim.
    private static func expectWhole(_ place: Place, _ origin: Origin) async throws {
        let checked = try await outcome(of: ["check", "--port", "0", "--store", place.store])
        #expect(checked.status == 0, "\(checked.printed)")
        try await withDaemon(place) { daemon in
            for number in [1, 3] {
                #expect(try await daemon.api.invoke(DiskShim.mark(number), at: origin.url("/")))
                try await origin.records.wait { $0.counts[DiskShim.mark(number)] == 1 }
            }
            try await daemon.api.waitUntilEmpty()
            #expect(Set(origin.records.value.counts.keys) == ["now", DiskShim.mark(1), DiskShim.mark(3)])
        }
    }

    /// It is made again, and said so, and settled once the disk is back: the origin is not called meanwhile.
    @Test func deliveryThatCannotBeSettledIsKeptUntilItCan() async throws {
        try await Self.withDeliveryUnderWay { shim, daemon, origin in
            try shim.fail(.write)
            origin.release()
            try await daemon.program.said.wait { $0.contains("a delivery cannot be settled") }
            #expect(try await daemon.api.job("job", at: origin.url("/")) != nil)
            try shim.mend(.write)
            try await daemon.api.waitUntilEmpty()
            #expect(origin.records.value.requests.count == 1)
        }
    }

    /// Nobody waits for it, but it comes: that of the end of a delivery, after that of the job.
    @Test func endOfADeliveryIsSyncedSoon() async throws {
        try await Self.withDeliveryUnderWay { shim, _, origin in
            let count = Self.count("synced", shim)
            origin.release()
            try await polled("a sync of the log") { Self.count("synced", shim) > count ? () : nil }
        }
    }

    /// What could not be brought to disk beside the writer makes the log doubtful: no job is accepted on top of it.
    @Test func nothingIsAcceptedAfterASyncThatNobodyWaitedFor() async throws {
        try await Self.withDeliveryUnderWay { shim, daemon, origin in
            try shim.fail(.sync)
            origin.release()
            try await polled("a sync that fails") { Self.count("failed", shim) > 0 ? () : nil }
            #expect(try await daemon.api.ask("GET", "/health").status == 502)
            try shim.mend(.sync)
            try await Self.expectRecovered(daemon.api, origin)
        }
    }

    /// With a job whose delivery the origin holds, until it is told to release it.
    private static func withDeliveryUnderWay(
        _ body: @Sendable (DiskShim, Daemon, Origin) async throws -> Void
    ) async throws {
        try await withPlace { place in
            let shim = try await DiskShim(place)
            try await withOrigin({ $0.body == "held" ? .held(200) : .ok }) { origin in
                try await withDaemon(place, environment: shim.environment) { daemon in
                    try await daemon.api.enqueue(Draft(body: "held", id: "job"), at: origin.url("/"))
                    try await origin.wait(for: 1, at: "/")
                    try await body(shim, daemon, origin)
                }
            }
        }
    }

    private static func count(_ event: String, _ shim: DiskShim) -> Int { shim.events().count { $0.name == event } }
}
