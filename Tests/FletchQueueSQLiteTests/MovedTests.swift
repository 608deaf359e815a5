import FletchQueue
import FletchQueueSQLite
import Foundation
import Testing

/// Files of an open database that somebody moves, deletes or replaces.
@Suite struct MovedTests {
    static let moved = StoreError.Code(rawValue: "store-moved")

    enum Change: CaseIterable { case move, delete, replace, symbolicLink }

    @Test(arguments: ["", "-wal", "-shm"], Change.allCases)
    func everythingIsRefusedOnceAFileIsNotInItsPlace(_ suffix: String, _ change: Change) async throws {
        try await withPlace { place in
            let store = try SQLiteJobStore(path: place.database)
            _ = try await store.enqueue([job("a"), job("b")])
            let leased = try await store.lease(1, at: due).jobs
            try apply(change, to: place.database + suffix, place)
            await expectRefusals(store, leased)
            try? store.close()
        }
    }

    private func expectRefusals(_ store: SQLiteJobStore, _ leased: [LeasedJob]) async {
        let key = job("a").job.key
        await expectRefusal { try await store.enqueue([job("c")]) }
        await expectRefusal { try await store.enqueue([job("c"), job("d")]) }
        await expectRefusal { try await store.lease(9, at: due).jobs }
        await expectRefusal { try await store.settle(leased.map { $0.settled(.succeeded, at: due) }) }
        await expectRefusal { try await store.extend(leased.map(\.lease)) }
        await expectRefusal { try await store.release(leased.map { Handback($0.lease, at: due) }) }
        await expectRefusal { try await store.invoke(key, at: due) }
        await expectRefusal { try await store.delete([key]) }
        await expectRefusal { try await store.empty(key.queue) }
        await expectRefusal { try await store.check() }
        await expectRefusal { try await store.endpoints(of: "anonymous") }
        await expectRefusal { try await store.counts(of: "anonymous") }
        let portion = Portion(count: 9, bytes: 1_000)
        await expectRefusal { try await store.jobs(in: key.queue, from: 0, through: .max, limit: portion) }
        await expectRefusal { try await store.extent(of: key.queue, from: 0, limit: portion) }
        await expectRefusal { try await store.job(key) }
    }

    private func expectRefusal<Result>(
        _ line: SourceLocation = #_sourceLocation, _ body: () async throws -> Result
    ) async {
        let error = await #expect(throws: StoreError.self, sourceLocation: line) { _ = try await body() }
        #expect(error?.code == Self.moved, sourceLocation: line)
        #expect(error?.message.contains("jobs.sqlite") == true, sourceLocation: line)
        #expect(error?.message.contains("restart") == true, sourceLocation: line)
    }

    @Test(arguments: ["", "-wal", "-shm"])
    func storeGoesOnOnceTheSameFileIsBack(_ suffix: String) async throws {
        try await withPlace { place in
            let store = try SQLiteJobStore(path: place.database)
            _ = try await store.enqueue([job("a")])
            try FileManager.default.moveItem(atPath: place.database + suffix, toPath: place.path("elsewhere"))
            await expectRefusal { try await store.check() }
            try FileManager.default.moveItem(atPath: place.path("elsewhere"), toPath: place.database + suffix)
            _ = try await store.enqueue([job("b")])
            #expect(try await store.lease(9, at: due).jobs.map(\.job.key.id) == ["a", "b"])
            try store.close()
        }
    }

    @Test func closeLeavesAllInTheFileThatWasMovedAndNothingInItsPlace() async throws {
        try await withPlace { place in
            let store = try SQLiteJobStore(path: place.database)
            _ = try await store.enqueue([job("a")])
            try FileManager.default.moveItem(atPath: place.database, toPath: place.path("elsewhere.sqlite"))
            await expectRefusal { try await store.check() }
            try store.close()
            #expect(try !place.files().contains("jobs.sqlite"))
            let heir = try SQLiteJobStore(path: place.path("elsewhere.sqlite"))
            #expect(try await heir.job(job("a").job.key) != nil)
            try heir.close()
        }
    }

    /// It has been committed to a file without a name, which is copied into the database before it is closed.
    @Test func closeSavesWhatIsInALogThatWasDeleted() async throws {
        try await withPlace { place in
            let store = try SQLiteJobStore(path: place.database)
            _ = try await store.enqueue([job("a")])
            try FileManager.default.removeItem(atPath: place.database + "-wal")
            await expectRefusal { try await store.check() }
            try store.close()
            let heir = try SQLiteJobStore(path: place.database)
            #expect(try await heir.job(job("a").job.key) != nil)
            try heir.close()
        }
    }

    @Test(arguments: [["-wal"], ["", "-wal"]])
    func closeLeavesTheLogOfAnotherAlone(_ replaced: [String]) async throws {
        try await withPlace { place in
            let store = try SQLiteJobStore(path: place.database)
            _ = try await store.enqueue([job("a")])
            for suffix in replaced { try apply(.replace, to: place.database + suffix, place) }
            try store.close()
            for suffix in replaced {
                let content = FileManager.default.contents(atPath: place.database + suffix)
                #expect(content == Data("another".utf8))
            }
        }
    }

    /// SQLite would delete it, and with it what the database lacks that was moved without its log.
    @Test(arguments: [false, true])
    func logWithoutADatabaseIsKept(_ isEmptyFileThere: Bool) async throws {
        try await withPlace { place in
            let store = try SQLiteJobStore(path: place.database)
            _ = try await store.enqueue([job("a")])
            let (left, log) = (place.path("left.sqlite"), place.path("left.sqlite-wal"))
            try FileManager.default.copyItem(atPath: place.database + "-wal", toPath: log)
            try store.close()
            if isEmptyFileThere { try Data().write(to: URL(fileURLWithPath: left)) }
            let content = FileManager.default.contents(atPath: log)
            let error = openingError(left)
            #expect(error?.code == .cannotOpen)
            #expect(error?.message.contains("put the database back") == true, "\(error as Any)")
            #expect(content?.isEmpty == false)
            #expect(FileManager.default.contents(atPath: log) == content)
            #expect(SQLiteCheck.problems(with: left).contains { $0.contains("put the database back") })
            #expect(FileManager.default.contents(atPath: log) == content)
        }
    }

    private func apply(_ change: Change, to path: String, _ place: Place) throws {
        let aside = place.path("aside-\(UUID().uuidString)")
        switch change {
        case .delete: try FileManager.default.removeItem(atPath: path)
        case .move: try FileManager.default.moveItem(atPath: path, toPath: aside)
        case .replace:
            try FileManager.default.moveItem(atPath: path, toPath: aside)
            try Data("another".utf8).write(to: URL(fileURLWithPath: path))
        case .symbolicLink:
            try FileManager.default.moveItem(atPath: path, toPath: aside)
            try place.link(aside, to: path)
        }
    }
}

private let due = Timestamp(milliseconds: 0)

private func job(_ id: String) -> NewJob {
    let queue = QueueName(tenant: "anonymous", endpoint: "https://example.com/a")
    return NewJob(Job(key: JobKey(queue, id), body: "body", runAt: due))
}
