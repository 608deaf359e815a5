import FletchQueue
import Testing

/// What may be long is handed out, and deleted, in portions.
@Suite struct PortionTests {
    private static func job(_ id: String, bytes: Int) -> NewJob {
        StoreConformance.job(id, at: 9_000) { $0.body = Payload(Array(repeating: 0x78, count: bytes)) }
    }

    /// A portion ends before the job that does not fit, but has one, however large.
    @Test(arguments: StoreKind.allCases)
    func portionOfJobsIsBoundedInBytes(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let sizes = [10, 20_000, 30_000, 30_000, 70_000, 80_000, 10, 10]
            _ = try await store.enqueue(sizes.enumerated().map { Self.job("\($0)", bytes: $1) })
            let limit = Portion(count: 4, bytes: 64_000)
            var parts: [[String]] = []
            var cursor: Int64? = 0
            while let position = cursor {
                let extent = try await store.extent(of: queue, from: position, limit: limit)
                let page = try await store.jobs(in: queue, from: position, through: .max, limit: limit)
                #expect(page.cursor == extent.cursor)
                #expect(page.cursor.map { $0 == extent.end } ?? true)
                let largest = page.jobs.map(\.body.byteCount).max() ?? 0
                #expect((largest...largest + 100).contains(extent.largestBytes))
                parts.append(page.jobs.map(\.key.id))
                cursor = page.cursor
            }
            #expect(parts == [["0", "1", "2"], ["3"], ["4"], ["5"], ["6", "7"]])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func portionIsBoundedInNumber(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue((0..<250).map { Self.job("\($0)", bytes: 1) })
            let limit = Portion(count: 100, bytes: 1 << 20)
            let extent = try await store.extent(of: queue, from: 0, limit: limit)
            #expect(extent.cursor == extent.end)
            let page = try await store.jobs(in: queue, from: 0, through: .max, limit: limit)
            #expect(page.jobs.count == 100)
            #expect(page.cursor == extent.cursor)
        }
    }

    /// Nobody holds a job between that its extent is known and that it is read.
    @Test(arguments: StoreKind.allCases)
    func jobDeletedMeanwhileIsLeftOut(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue((0..<6).map { Self.job("\($0)", bytes: 1) })
            let limit = Portion(count: 4, bytes: 1_000)
            let extent = try await store.extent(of: queue, from: 0, limit: limit)
            _ = try await store.delete([JobKey(queue, "1"), JobKey(queue, "3")])
            let page = try await store.jobs(in: queue, from: 0, through: extent.end, limit: limit)
            #expect(page.jobs.map(\.key.id) == ["0", "2"])
            #expect(page.cursor == nil)
            let nothing = QueueName(tenant: "a", endpoint: "b")
            #expect(try await store.extent(of: nothing, from: 7, limit: limit) == JobExtent(end: 7))
        }
    }

    /// What takes the place of a small job may be large.
    @Test(arguments: StoreKind.allCases)
    func jobsThatHaveGrownMeanwhileComeInMorePortions(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue((0..<3).map { Self.job("\($0)", bytes: 1) })
            let limit = Portion(count: 4, bytes: 1_000)
            let extent = try await store.extent(of: queue, from: 0, limit: limit)
            for id in 0..<3 {
                _ = try await store.enqueue([NewJob(Self.job("\(id)", bytes: 900).job, overrides: true)])
            }
            let page = try await store.jobs(in: queue, from: 0, through: extent.end, limit: limit)
            #expect(page.jobs.map(\.key.id) == ["0"])
            #expect(page.cursor != nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func endpointsComeInOrderAndInPortions(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let names = ["", "a", "ä", "b" + String(repeating: "x", count: 500), "c", "d", "z"]
            let others = ["a1", "e"].map { QueueName(tenant: "other", endpoint: $0) }
            let queues = names.map { QueueName(tenant: "t", endpoint: $0) } + others
            _ = try await store.enqueue(queues.shuffled().map { StoreConformance.job("1", in: $0) })
            _ = try await store.enqueue([StoreConformance.job("2", in: queues[1])])
            _ = try await store.delete([JobKey(queues[4], "1")])
            var portions: [[String]] = []
            var cursor: String?
            repeat {
                let page = try await store.endpoints(of: "t", from: cursor, limit: Portion(count: 3, bytes: 100))
                portions.append(page.endpoints)
                cursor = page.cursor
            } while cursor != nil
            #expect(portions == [["", "a"], [names[3]], ["c", "d", "z"], ["ä"]])
            let counts = try await store.counts(of: ["a", "c", "d", "none"], for: "t")
            #expect(counts == ["a": 2, "d": 1])
        }
    }

    /// More than are deleted in one transaction.
    @Test(arguments: StoreKind.allCases)
    func emptiedQueueHasNoneOfItsJobsLeft(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue((0..<2_500).map { StoreConformance.job("\($0)") })
            _ = try await store.enqueue([StoreConformance.job("kept", in: other)])
            let running = try await store.leased(10)
            try await store.empty(queue)
            for job in running { try await store.settle(job, .failed) }
            #expect(try await store.counts(of: "anonymous") == [other.endpoint: 1])
        }
    }

    /// Whoever writes while a queue is emptied has its turn before the queue is empty, and keeps what it stores elsewhere.
    @Test(arguments: StoreKind.allCases)
    func othersWriteWhileAQueueIsEmptied(_ kind: StoreKind) async throws {
        // Once is enough: whoever looks may be held up for as long as it takes.
        for _ in 0..<5 {
            let counts = try await countsWhileAQueueIsEmptied(kind)
            if counts.contains(where: { $0 > 0 && $0 < 20_000 }) { return }
        }
        Issue.record("others had to wait until the queue was empty")
    }

    private func countsWhileAQueueIsEmptied(_ kind: StoreKind) async throws -> [Int] {
        try await kind.withStore { store in
            for start in stride(from: 0, to: 20_000, by: 1_000) {
                _ = try await store.enqueue((start..<start + 1_000).map { StoreConformance.job("\($0)") })
            }
            async let emptied: Void = store.empty(queue)
            var counts: [Int] = []
            while counts.last != 0 {
                _ = try await store.enqueue([StoreConformance.job("\(counts.count)", in: other)])
                counts.append(try await store.counts(of: [queue.endpoint], for: queue.tenant)[queue.endpoint] ?? 0)
            }
            try await emptied
            #expect(try await store.counts(of: [other.endpoint], for: other.tenant) == [other.endpoint: counts.count])
            return counts
        }
    }
}
