import Fletch
import FletchQueue
import GRDB
import Testing

@testable import FletchQueueSQLite

/// Whether the database takes writes is told soon, whatever another program does with it.
@Suite struct WriteProbeTests {
    /// Writes that end, and times that pass, when a test says so.
    private final class Script: Sendable {
        private struct Log {
            var ends: [WriteProbe.End] = []
            var waits: [(patience: Duration, end: @Sendable () -> Void)] = []
        }

        private let log = Lock(Log())
        private let onWrite: @Sendable (Script, Int) -> Void

        /// - Parameter onWrite: Called when the nth write has begun, and its time runs.
        init(onWrite: @escaping @Sendable (Script, Int) -> Void) { self.onWrite = onWrite }

        var writeCount: Int { log.withLock { $0.ends.count } }
        var patiences: [Duration] { log.withLock { $0.waits.map(\.patience) } }

        func end(_ number: Int, _ result: Result<Void, StoreError> = .success(())) {
            let end = log.withLock { $0.ends.count >= number ? $0.ends[number - 1] : nil }
            end?(result)
        }

        func passTime(of number: Int) {
            let end = log.withLock { $0.waits.count >= number ? $0.waits[number - 1].end : nil }
            end?()
        }

        func probe() -> WriteProbe {
            WriteProbe { [self] patience, end in
                let count = log.withLock { log in
                    log.waits.append((patience, end))
                    return log.waits.count
                }
                onWrite(self, count)
            } write: { [self] end in
                log.withLock { $0.ends.append(end) }
            }
        }
    }

    private static let inUse = StoreError(.inUse, "held")

    @Test func writeThatTakesTooLongIsNotWaitedFor() async throws {
        let script = Script { script, number in
            if number == 1 { script.passTime(of: 1) } else { script.end(number) }
        }
        let probe = script.probe()
        for _ in 0..<3 {
            let error = await #expect(throws: StoreError.self) { try await probe.check() }
            #expect(error?.code == .inUse)
        }
        #expect(script.writeCount == 1, "one write is enough to wait for")
        script.end(1)
        try await probe.check()
        #expect(script.writeCount == 2)
    }

    /// The next one is given less time, and the one after a success as much as ever.
    @Test func databaseThatWasHeldIsGivenLessTime() async throws {
        let script = Script { script, number in script.end(number, number == 1 ? .failure(Self.inUse) : .success(())) }
        let probe = script.probe()
        await #expect(throws: Self.inUse) { try await probe.check() }
        for _ in 0..<2 { try await probe.check() }
        #expect(script.patiences == [.seconds(2), .milliseconds(250), .seconds(2)])
    }

    @Test func failureIsTold() async throws {
        let full = StoreError(.full, "no room")
        let script = Script { script, number in script.end(number, .failure(full)) }
        let probe = script.probe()
        for _ in 0..<2 { await #expect(throws: full) { try await probe.check() } }
        #expect(script.patiences == [.seconds(2), .seconds(2)])
    }

    @Test func timeOfAWriteThatHasEndedDisturbsNoOther() async throws {
        let script = Script { script, number in
            if number == 2 { script.passTime(of: 1) }
            script.end(number)
        }
        let probe = script.probe()
        for _ in 0..<2 { try await probe.check() }
        #expect(script.writeCount == 2)
    }

    @Test func thoseWhoAskMeanwhileGetTheResultOfTheWriteThatIsUnderWay() async throws {
        let script = Script { script, number in
            if number > 1 { script.end(number) }
        }
        let (probe, askedCount) = (script.probe(), Lock(0))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    askedCount.withLock { $0 += 1 }
                    try await probe.check()
                }
            }
            while askedCount.withLock(\.self) < 20 { await Task.yield() }
            script.end(1)
            try await group.waitForAll()
        }
        // One that has not come to it by then makes another.
        #expect((1..<20).contains(script.writeCount))
    }

    /// Before SQLite gives up, which takes five seconds.
    @Test(.timeLimit(.minutes(1))) func storeThatAnotherProgramHoldsSaysSo() async throws {
        try await withPlace { place in
            let store = try SQLiteJobStore(path: place.database)
            var configuration = GRDB.Configuration()
            configuration.allowsUnsafeTransactions = true
            let other = try DatabaseQueue(path: place.database, configuration: configuration)
            try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
            let error = await #expect(throws: StoreError.self) { try await store.check() }
            #expect(error?.code == .inUse)
            #expect(error?.message.contains("takes no writes at the moment") == true, "\(error as Any)")
            try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
            _ = try await store.delete([])
            try await store.check()
            try other.close()
            try store.close()
        }
    }
}
