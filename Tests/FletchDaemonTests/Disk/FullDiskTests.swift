import Foundation
import Glibc
import Testing

/// Disks that are full, or cannot be written to: in a mount namespace of the process's own.
@Suite(.timeLimit(.minutes(3)), .enabled(if: Namespace.isAvailable, "a mount namespace takes root"))
struct FullDiskTests {
    /// With a ballast that makes room when it goes.
    private static func small(_ place: Place) -> [String] {
        Namespace.wrapper(
            "mount -t tmpfs -o size=2m none '\(place.directory)' && "
                + "dd if=/dev/zero of='\(place.path("ballast"))' bs=64k count=16 2>/dev/null")
    }

    @Test func fullDiskIsAnsweredAndWhatWasAcceptedIsDelivered() async throws {
        try await withPlace { place in
            try await withOrigin { origin in
                try await withDaemon(place, wrapper: Self.small(place)) { daemon in
                    let (accepted, refusal) = try await Self.fill(daemon.api, origin)
                    #expect(refusal.status == 503)
                    #expect(refusal.body.contains("\"code\":\"store-full\""), "\(refusal.body)")
                    #expect(refusal.body.contains("the disk is full"), "\(refusal.body)")
                    #expect(refusal.body.contains("make room"))
                    #expect(accepted.count > 3)
                    // As it is seen in the namespace of the process.
                    try FileManager.default.removeItem(
                        atPath: "/proc/\(daemon.program.id)/root" + place.path("ballast"))
                    try await Self.expectDelivered(accepted, daemon.api, origin)
                }
            }
        }
    }

    /// Enqueues jobs for later until one is refused.
    private static func fill(_ api: API, _ origin: Origin) async throws -> (accepted: [String], refusal: Answer) {
        var accepted: [String] = []
        for number in 0..<3_000 {
            let id = "job-\(number)"
            let draft = Draft(body: id + filling, id: id, delay: 3_600_000)
            let answer = try await api.ask("POST", API.path(origin.url("/")), body: draft.json)
            guard answer.status == 201 else {
                #expect(try await api.job(id, at: origin.url("/")) == nil)
                return (accepted, answer)
            }
            accepted.append(id)
        }
        throw NotInTime("the disk is not full yet")
    }

    private static func expectDelivered(_ accepted: [String], _ api: API, _ origin: Origin) async throws {
        try await api.enqueue(Draft(body: "after"), at: origin.url("/"))
        for id in accepted {
            let answer = try await api.ask("POST", API.path(origin.url("/"), id))
            try #require(answer.status == 204, "\(answer.body)")
        }
        try await api.waitUntilEmpty()
        let bodies = origin.records.value.requests(to: "/").map(\.body)
        #expect(bodies.count == accepted.count + 1)
        #expect(Set(bodies.map { String($0.prefix { $0 != "x" }) }) == Set(accepted + ["after"]))
    }

    private static let filling = String(repeating: "x", count: 20_000)

    private static func small(_ place: Place, megabytes: Int) -> [String] {
        Namespace.wrapper("mount -t tmpfs -o size=\(megabytes)m none '\(place.directory)'")
    }

    /// Also while deliveries are under way, whose ends take room in the log before they make any.
    @Test func deletedJobsMakeRoomForOthers() async throws {
        try await withPlace { place in
            try await withOrigin({ $0.body == "held" ? .held(200) : .ok }) { origin in
                try await withDaemon(place, wrapper: Self.small(place, megabytes: 24)) { daemon in
                    let held = (0..<50).map { "held-\($0)" }
                    for id in held {
                        try await daemon.api.enqueue(Draft(body: "held", id: id), at: origin.url("/held"))
                    }
                    try await origin.wait(for: held.count, at: "/held")
                    var (accepted, refusal) = try await Self.fill(daemon.api, origin)
                    #expect(accepted.count > 200)
                    for _ in 0..<20 {
                        #expect(refusal.status == 503)
                        #expect(refusal.body.contains("\"code\":\"store-full\""), "\(refusal.body)")
                        let draft = Draft(body: Self.filling, id: "refused", delay: 3_600_000)
                        refusal = try await daemon.api.ask("POST", API.path(origin.url("/")), body: draft.json)
                    }
                    origin.release()
                    for id in held { try await daemon.api.waitUntilGone(id, at: origin.url("/held")) }
                    for id in accepted.prefix(100) {
                        let answer = try await daemon.api.ask("DELETE", API.path(origin.url("/"), id))
                        try #require(answer.status == 204, "\(answer.body)")
                    }
                    accepted.removeFirst(100)
                    for number in 0..<50 {
                        let draft = Draft(body: "new-\(number)" + Self.filling, id: "new-\(number)", delay: 3_600_000)
                        try await daemon.api.enqueue(draft, at: origin.url("/"))
                        accepted.append("new-\(number)")
                    }
                    try await Self.expectDelivered(accepted, daemon.api, origin)
                    #expect(!daemon.program.said.value.contains("store-failed"))
                }
            }
        }
    }

    /// By another program, in one go, with jobs in the log that are not in the database yet.
    @Test func diskThatAnotherProgramHasFilledIsFullUntilItIsFreed() async throws {
        try await withPlace { place in
            try await withOrigin { origin in
                try await withDaemon(place, wrapper: Self.small(place, megabytes: 24)) { daemon in
                    var accepted: [String] = []
                    for number in 0..<100 {
                        let draft = Draft(
                            body: "early-\(number)" + Self.filling, id: "early-\(number)", delay: 3_600_000)
                        try await daemon.api.enqueue(draft, at: origin.url("/"))
                        accepted.append("early-\(number)")
                    }
                    let foreign = "/proc/\(daemon.program.id)/root" + place.path("foreign")
                    Self.fillDisk(foreign)
                    let (more, refusal) = try await Self.fill(daemon.api, origin)
                    accepted += more
                    for _ in 0..<10 {
                        let draft = Draft(body: Self.filling, id: "refused", delay: 3_600_000)
                        let answer = try await daemon.api.ask("POST", API.path(origin.url("/")), body: draft.json)
                        #expect(answer.status == 503)
                        #expect(answer.body.contains("\"code\":\"store-full\""), "\(answer.body)")
                    }
                    #expect(refusal.body.contains("\"code\":\"store-full\""), "\(refusal.body)")
                    #expect(try await daemon.api.ask("GET", "/health").status == 502)
                    try FileManager.default.removeItem(atPath: foreign)
                    #expect(try await daemon.api.ask("GET", "/health").status == 200)
                    try await Self.expectDelivered(accepted, daemon.api, origin)
                    #expect(!daemon.program.said.value.contains("store-failed"))
                }
            }
        }
    }

    /// What SQLite keeps beside the database needs room before anything is written.
    @Test func startOnAFullDiskSaysThatItIsFull() async throws {
        try await withPlace { place in
            try await startAndTerminate(place)
            let (small, file) = (place.path("small"), place.path("small/jobs.sqlite"))
            let wrapper = Namespace.wrapper(
                "mkdir '\(small)' && mount -t tmpfs -o size=2m none '\(small)' && cp '\(place.database)' '\(file)' && "
                    + "{ cat /dev/zero >'\(small)/foreign' 2>/dev/null || true; }")
            let refused = try await outcome(of: ["--port", "0", "--store", "sqlite:\(file)"], wrapper: wrapper)
            #expect(refused.status == 1)
            #expect(refused.said.contains("the disk is full"), "\(refused.said)")
        }
    }

    /// Writes until nothing more fits.
    private static func fillDisk(_ path: String) {
        let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(file) }
        let bytes = [UInt8](repeating: 0, count: 4_096)
        while write(file, bytes, bytes.count) > 0 {}
    }

    @Test(arguments: [false, true])
    func readOnlyFileSystemIsRefused(_ isNew: Bool) async throws {
        try await withPlace { place in
            if !isNew {
                try await startAndTerminate(place)
            }
            let wrapper = Namespace.wrapper(
                "mount --bind '\(place.directory)' '\(place.directory)' && "
                    + "mount -o remount,bind,ro '\(place.directory)'")
            let refused = try await outcome(of: ["--port", "0", "--store", place.store], wrapper: wrapper)
            #expect(refused.status == 1)
            #expect(refused.said.contains("Read-only file system"), "\(refused.said)")
            #expect(refused.said.contains("writable"), "\(refused.said)")
            let checked = try await outcome(of: ["check", "--port", "0", "--store", place.store], wrapper: wrapper)
            #expect(checked.status == 1)
            #expect(checked.printed.contains("cannot be written to"), "\(checked.printed)")
        }
    }
}
