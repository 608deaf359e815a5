import Testing

@testable import FletchQueue

/// Against a schedule that writes all of its repetitions down.
@Suite struct MissedRunsModelTests {
    @Test func everyAgreesWithWhatIsWrittenDown() throws {
        var random = SeededGenerator(seed: 1_717)
        for _ in 0..<4_000 {
            let every = Int64.random(in: 1...7, using: &random)
            let schedule = try #require(Schedule(every: every, cron: nil, times: nil))
            let due = Int64.random(in: -20...20, using: &random)
            // Now and then more than are made up for.
            let span = Int64.random(in: 0...9, using: &random) == 0 ? every * 1_010 : 30
            let moments = (due, Int64.random(in: 0...span, using: &random), Int64.random(in: -9...40, using: &random))
            expectAgreement(of: schedule, moments) { $0 + every }
        }
    }

    @Test(arguments: ["Etc/UTC", "Europe/Berlin"])
    func cronAgreesWithWhatIsWrittenDown(_ zone: String) throws {
        var random = SeededGenerator(seed: 42)
        for _ in 0..<200 {
            let (text, seconds) = try #require(Self.crons.randomElement(using: &random))
            let cron = try CronExpression(text, timeZone: zone)
            let schedule = try #require(Schedule(every: nil, cron: cron, times: nil))
            // Around the hours at which Berlin's clocks are set in 2026.
            let change: Int64 = Bool.random(using: &random) ? 1_774_746_000_000 : 1_792_890_000_000
            let span = seconds * 1_000
            let moments = (
                change - Int64.random(in: -3_600_000...span, using: &random),
                Int64.random(in: 0...span, using: &random), Int64.random(in: -span...span, using: &random)
            )
            expectAgreement(of: schedule, moments) { cron.next(after: Timestamp(milliseconds: $0))?.milliseconds }
        }
    }

    /// Expressions, and for how many seconds they are looked at: some fire more than a thousand times.
    private static let crons: [(text: String, seconds: Int64)] = [
        ("* * * * * *", 1_100), ("* * 2 * * *", 9_000), ("0,1,2,50 */3 * * * *", 50_000), ("0-9 0 * * * *", 400_000),
        ("*/20 1-3 * * *", 500_000), ("30 2 * * *", 900_000), ("@hourly", 300_000),
    ]

    /// - Parameter moments: When it is due, how much later it is looked at, and how much later the process began.
    private func expectAgreement(
        of schedule: Schedule, _ moments: (due: Int64, toNow: Int64, toStart: Int64), following: (Int64) -> Int64?
    ) {
        let (due, now, start) = (moments.due, moments.due + moments.toNow, moments.due + moments.toStart)
        let written = NaiveSchedule(from: due, through: max(now, start), following: following)
        for missed in MissedRuns.allCases {
            let next = schedule.next(after: Timestamp(milliseconds: due), at: Timestamp(milliseconds: now), missed)
            let made = schedule.made(
                insteadOf: Timestamp(milliseconds: due), at: Timestamp(milliseconds: now), missed,
                since: Timestamp(milliseconds: start))
            let (wantedNext, wantedMade) = (written.next(at: now, missed), written.made(at: now, missed, since: start))
            #expect(next?.milliseconds == wantedNext, "\(schedule) \(missed) after \(due) at \(now)")
            #expect(made?.milliseconds == wantedMade, "\(schedule) \(missed) due \(due) at \(now) since \(start)")
        }
    }
}

/// The repetitions of a schedule, one by one: the first that is due, and one beyond the last that matters.
private struct NaiveSchedule {
    private let moments: [Int64]

    init(from due: Int64, through end: Int64, following: (Int64) -> Int64?) {
        var moments = [due]
        while let last = moments.last, last <= end, let next = following(last) { moments.append(next) }
        self.moments = moments
    }

    func next(at now: Int64, _ missed: MissedRuns) -> Int64? {
        let later = moments.dropFirst()
        let passed = later.filter { $0 <= now }
        return switch missed {
        case .latest: passed.last ?? later.first
        case .all: passed.suffix(1_000).first ?? later.first
        case .skip: later.first { $0 > now }
        }
    }

    func made(at now: Int64, _ missed: MissedRuns, since start: Int64) -> Int64? {
        let passed = moments.filter { $0 <= now }
        return switch missed {
        case .latest: passed.last
        case .all: passed.suffix(1_000).first
        case .skip: passed.last { $0 >= start } ?? moments.first { $0 >= start }
        }
    }
}
