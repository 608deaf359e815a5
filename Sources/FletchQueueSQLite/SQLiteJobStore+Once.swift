package import FletchQueue

extension SQLiteJobStore {
    package func answer(to once: Once) async throws(StoreError) -> [UInt8]? {
        try await read { db in try Transaction.answer(to: once, db) }.get()
    }

    package func forgetAnswers(at now: Timestamp) async throws(StoreError) {
        // What comes back after a power failure has expired all the same.
        while try await writer.perform(isDurable: false, { try $0.forgetAnswers(at: now) }), !Task.isCancelled {}
    }
}
