import Fletch
import FletchQueue
import Logging
import Testing

@testable import FletchServer

@Suite struct UsageMeterTests {
    private final class FailingStore: UsageStore {
        let failure = Lock<StoreError?>(StoreError(.full, "there is no room"))
        private let counts = Lock<[String: Int]>([:])

        func addUsage(_ added: [String: Int]) async throws(StoreError) {
            if let failure = failure.withLock(\.self) { throw failure }
            counts.withLock { $0.merge(added, uniquingKeysWith: +) }
        }

        func takeUsage() async throws(StoreError) -> [String: Int] { counts.withLock(\.self) }
    }

    @Test func whatCannotBeStoredIsKeptForTheNextTime() async throws {
        let store = FailingStore()
        let meter = UsageMeter(store, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        for _ in 0..<3 { meter.count("one") }
        await meter.store()
        meter.count("one")
        meter.count("other")
        await #expect(throws: StoreError.self) { try await meter.take() }
        store.failure.withLock { $0 = nil }
        #expect(try await meter.take() == ["one": 4, "other": 1])
    }
}
