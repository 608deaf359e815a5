import Testing

@testable import Fletch

/// Against an origin that does everything wrong, nothing is lost without a count and nothing is said that did not happen.
@Suite(.timeLimit(.minutes(5)), .serialized) struct ChaosTests {
    struct Run: Sendable, CustomTestStringConvertible {
        var seed: Int
        var depth = 1
        var milestone = Milestone.answered
        /// Whether the client is drained in the middle of it, with no time left.
        var isCutShort = false

        var testDescription: String {
            "seed \(seed), depth \(depth), until \(milestone)\(isCutShort ? ", cut short" : "")"
        }

        var kinds: [ChaosAnswer.Kind] { ChaosAnswer.Kind.allCases.filter { depth == 1 || $0 != .surplus } }
    }

    @Test(arguments: [
        Run(seed: 1), Run(seed: 2, depth: 8), Run(seed: 3, depth: 8, milestone: .acknowledged),
        Run(seed: 4, isCutShort: true), Run(seed: 5, depth: 8, isCutShort: true),
    ])
    func everyRequestIsAccountedForAndEveryReportIsTrue(_ run: Run) async throws {
        let origin = try ChaosOrigin(seed: run.seed, kinds: run.kinds)
        let chaos = try ChaosClient(run, origin)
        await send(run, with: chaos)
        try await origin.waitForEnd()
        let records = origin.records
        let outcomes = chaos.outcomes
        expectBalance(chaos, outcomes)
        expectNothingInvented(chaos.client.statistics, origin)
        #expect(OpenDescriptors.connectionCount(to: origin.port) == 0)
        for outcome in outcomes { expectTruth(of: outcome, records[outcome.id] ?? ChaosOrigin.Record(), run) }
        if !run.isCutShort, run.milestone == .answered { expectChaos(outcomes) }
    }

    private func send(_ run: Run, with chaos: ChaosClient) async {
        await chaos.sendAll()
        #expect(await chaos.client.drain(within: patience) == .nothingLeft)
        if run.isCutShort {
            let left = await chaos.leftAtTheCut.value()
            #expect(left != nil && left != .nothingLeft)
        }
    }

    // MARK: Nothing is lost without a count

    private func expectBalance(_ chaos: ChaosClient, _ outcomes: [ChaosOutcome]) {
        let statistics = chaos.client.statistics
        let taken = outcomes.filter { !$0.isRefused }
        #expect(statistics.acceptedCount == taken.count)
        #expect(statistics.pendingCount == 0)
        #expect(statistics.reachedCount == taken.count { $0.error == nil })
        let told = Dictionary(taken.compactMap { $0.error.map { ($0.code, 1) } }, uniquingKeysWith: +)
        #expect(told == statistics.failed.merging(statistics.dropped, uniquingKeysWith: +))
        #expect(chaos.toldCount == taken.count { $0.error != nil && !ChaosClient.isWaitedFor($0.id) })
        #expect(statistics.connectionCount == 0)
        #expect(statistics.parkedConnectionCount == 0)
    }

    private func expectNothingInvented(_ statistics: Statistics, _ origin: ChaosOrigin) {
        let records = origin.records.values
        #expect(statistics.answeredCount <= origin.snapshot.finalHeadCount)
        #expect(statistics.sentBytes >= records.reduce(0) { $0 + $1.readBytes })
        #expect(statistics.receivedBytes <= origin.snapshot.writtenBytes)
        #expect(records.allSatisfy { $0.damagedCount == 0 })
    }

    // MARK: Nothing is said that did not happen

    private func expectTruth(of outcome: ChaosOutcome, _ record: ChaosOrigin.Record, _ run: Run) {
        let maximumCount = ChaosRequest(outcome.id).isRepeatable ? 2 * (1 + ChaosClient.maximumRetryCount) : 1
        #expect(record.seenCount <= maximumCount, "\(outcome)")
        if outcome.error?.certainty == .notSent { #expect(record.seenCount == 0, "\(outcome)") }
        if outcome.error == nil, outcome.receipt != nil || run.milestone == .answered {
            #expect(!record.statuses.isEmpty, "\(outcome)")
        }
        guard let receipt = outcome.receipt ?? outcome.error?.receipt else { return }
        if let status = receipt.status { #expect(record.statuses.contains(status.code), "\(outcome)") }
        #expect(ChaosAnswer.body(of: outcome.id).starts(with: receipt.body), "\(outcome)")
    }

    /// That the origin did most of what it can is what makes the rest worth something.
    private func expectChaos(_ outcomes: [ChaosOutcome]) {
        let codes = Set(outcomes.compactMap { $0.error?.code })
        let kinds: Set<FletchError.Code> = [
            .closedWithoutAnswer, .receiveFailed, .answerDeadlineExceeded, .notHTTP, .headTooLarge,
            .tooManyInterimResponses, .malformedLength, .connectFailed,
        ]
        #expect(codes.intersection(kinds).count >= 5, "\(codes)")
        #expect(outcomes.count { $0.error == nil } > ChaosClient.requestCount / 10)
    }
}
