import Foundation
import Testing

/// `kill -9` at any moment, with jobs that have options.
@Suite(.timeLimit(.minutes(5)))
struct CrashOptionTests {
    private static let arguments = ["--concurrency", "20", "--log-level", "notice"]

    @Test func whatJobsAskForIsKeptThoughTheProcessIsKilledAgainAndAgain() async throws {
        try await withPlace { place in
            try await withOrigin(OptionTarget.reply) { origin in
                let target = OptionTarget(origin: origin.url(""))
                let load = OptionLoad(target)
                try await withDaemon(place, Self.arguments) { try await Self.makeTopic($0.api, target) }
                let killing = Killing(place, Self.arguments)
                let killCount = try await killing.again(seed: 13) {
                    load.jobs.lazy.filter(\.isAccepted).count > 100
                } under: { port, _, _ in
                    try await load.run(port: port)
                }
                let letters = try await Self.deliverTheRest(place, origin, target, load)
                #expect(load.surprises.isEmpty)
                let outcome = OptionOutcome(load.jobs, origin.records.value.requests, letters, killCount: killCount)
                Self.expectAll(outcome)
                Self.printFigures(outcome, load)
            }
        }
    }

    private static func makeTopic(_ api: API, _ target: OptionTarget) async throws {
        let list = OptionTarget.topicPaths.map { "\"" + target.url($0) + "\"" }.joined(separator: ",")
        let answer = try await api.ask("PUT", "/topics/" + OptionTarget.topic, body: #"{"endpoints":[\#(list)]}"#)
        try #require(answer.status == 200, "\(answer.body)")
    }

    /// - Returns: All dead letters, once all queues are empty.
    private static func deliverTheRest(
        _ place: Place, _ origin: Origin, _ target: OptionTarget, _ load: OptionLoad
    ) async throws -> [DeadLetterAnswer] {
        try await withDaemon(place, arguments) { daemon in
            try await expectNoneIsDeadAndPending(daemon.api, target)
            try await load.finish(port: daemon.api.port)
            try await polled("the end of all jobs", within: .seconds(180)) {
                try await daemon.api.ask("GET", "/queues/stats").body == "{}" ? () : nil
            }
            // They end when the kernel of the origin has them. The origin itself may read them later.
            let acknowledged = load.jobs.filter { $0.kind == .acknowledged && $0.isAccepted }.map(\.body)
            try await origin.records.wait { records in acknowledged.allSatisfy { records.counts[$0] != nil } }
            let letters = try await daemon.api.deadLetters()
            #expect(try await daemon.terminate() == 0)
            return letters
        }
    }

    /// Reads the dead letters first: meanwhile jobs become dead letters, but no dead letter becomes a job.
    private static func expectNoneIsDeadAndPending(_ api: API, _ target: OptionTarget) async throws {
        let dead = Set(try await api.deadLetters().map(\.job.id))
        for queue in target.mortalQueues {
            let pending = try await api.jobs(at: queue).map(\.id)
            #expect(dead.isDisjoint(with: pending))
        }
    }

    private static func expectAll(_ outcome: OptionOutcome) {
        #expect(outcome.jobs.lazy.filter(\.isAccepted).count > 100, "there was no load to speak of")
        for kind in OptionKind.allCases { #expect(outcome.jobs.contains { $0.kind == kind && $0.isAccepted }) }
        outcome.expectDelivered()
        outcome.expectPublished()
        outcome.expectExplained()
        outcome.expectPauseIsKept()
        outcome.expectGroupsInOrder()
        outcome.expectDead()
        outcome.expectCalledBack()
    }

    private static func printFigures(_ outcome: OptionOutcome, _ load: OptionLoad) {
        let accepted = OptionKind.allCases.map { kind in
            "\(outcome.jobs.lazy.filter { $0.kind == kind && $0.isAccepted }.count) \(kind)"
        }
        let waited = outcome.jobs.lazy.filter { $0.notBefore != nil }.count
        let expired = outcome.letters.lazy.filter { $0.reason == "expired" }.count
        print(
            "kill -9 with options: \(outcome.killCount) times; accepted: \(accepted.joined(separator: ", ")); "
                + "\(waited) asked for during a pause, \(load.repeatedCount) requests repeated, "
                + "\(outcome.letters.count) dead letters (\(expired) expired), \(outcome.callbacks.count) callbacks")
    }
}
