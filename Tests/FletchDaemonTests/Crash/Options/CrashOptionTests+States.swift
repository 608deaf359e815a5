import Foundation
import Testing

extension CrashOptionTests {
    /// The pause also holds for the deliveries that were under way when the process was killed.
    @Test func pausedQueueStaysPausedHoweverOftenTheProcessIsKilled() async throws {
        try await withPlace { place in
            try await withOrigin({ $0.path == OptionTarget.gatedPath ? .held(200) : .ok }) { origin in
                let target = OptionTarget(origin: origin.url(""))
                try await withDaemon(place) { try await Self.pauseAmongDeliveries($0.api, origin, target) }
                for _ in 0..<3 {
                    try await withDaemon(place) { try await Queue(daemon: $0, origin: origin).settleOthers() }
                    #expect(origin.records.value.requests(to: OptionTarget.gatedPath).count == 3)
                }
                origin.release()
                try await withDaemon(place) { daemon in
                    try await Self.set("{}", daemon.api, target)
                    try await daemon.api.waitUntilEmpty()
                }
                let counts = (0..<6).map { origin.records.value.counts["\($0)"] }
                #expect(counts == [2, 2, 2, 1, 1, 1])
            }
        }
    }

    private static func pauseAmongDeliveries(_ api: API, _ origin: Origin, _ target: OptionTarget) async throws {
        let endpoint = target.url(OptionTarget.gatedPath)
        try await api.enqueue(all: (0..<3).map { Draft(body: "\($0)") }, at: endpoint)
        try await origin.wait(for: 3, at: OptionTarget.gatedPath)
        try await set(#"{"paused":true}"#, api, target)
        try await api.enqueue(all: (3..<6).map { Draft(body: "\($0)") }, at: endpoint)
    }

    private static func set(_ policy: String, _ api: API, _ target: OptionTarget) async throws {
        let answer = try await api.ask("PUT", target.policyPath, body: policy)
        try #require(answer.status == 200, "\(answer.body)")
    }

    /// When a process starts, it makes the jobs that were running wait again: with their groups and their `expiresAt`.
    @Test func killedWhileItStartsItLosesNeitherGroupsNorTimesToExpire() async throws {
        var generator = SeededGenerator(17)
        try await withPlace { place in
            try await withOrigin({ _ in .held(200) }) { origin in
                let expiresAt = Date(timeIntervalSinceNow: 5)
                try await withDaemon(place) { try await Self.deliverInVain($0.api, origin, expiresAt) }
                for _ in 0..<10 {
                    let moment = Duration.milliseconds(Int.random(in: 0..<300, using: &generator))
                    try await Killing(place).start(killedAfter: moment)
                }
                try await polled("the time to expire") { Date() > expiresAt + 0.1 ? () : nil }
                origin.release()
                let letters = try await withDaemon(place) { daemon in
                    try await daemon.api.waitUntilEmpty()
                    return try await daemon.api.deadLetters()
                }
                #expect(letters.map(\.job.body).sorted() == (0..<5).map { "expiring \($0)" })
                #expect(letters.allSatisfy { $0.reason == "expired" })
                Self.expectGroupInOrder(origin)
            }
        }
    }

    /// Returns once five jobs are under way that expire, and the first job of a group of five.
    private static func deliverInVain(_ api: API, _ origin: Origin, _ expiresAt: Date) async throws {
        for number in 0..<5 {
            var grouped = OptionDraft("grouped \(number)")
            grouped.group = "group"
            var expiring = OptionDraft("expiring \(number)")
            expiring.expire(at: expiresAt)
            for draft in [grouped, expiring] {
                let answer = try await api.ask("POST", API.path(origin.url("/")), body: draft.json)
                try #require(answer.status == 201, "\(answer.body)")
            }
        }
        try await origin.wait(for: 6, at: "/")
    }

    private static func expectGroupInOrder(_ origin: Origin) {
        let requests = origin.records.value.requests.filter { $0.body.hasPrefix("grouped") }
        var (bodies, counts) = ([String](), [Int]())
        for request in requests where !bodies.contains(request.body) {
            bodies.append(request.body)
            counts.append(origin.records.value.counts[request.body] ?? 0)
        }
        #expect(bodies == (0..<5).map { "grouped \($0)" })
        #expect(counts.dropFirst() == [1, 1, 1, 1])
        #expect(counts.first ?? 0 > 1)
    }
}
