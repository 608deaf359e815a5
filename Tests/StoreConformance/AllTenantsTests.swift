import FletchQueue
import Testing

/// What is read over all tenants.
@Suite struct AllTenantsTests {
    private static let tenants = ["a", "b", "é", "e\u{301}"]

    private static func name(_ tenant: String, _ path: String = "a") -> QueueName {
        QueueName(tenant: tenant, endpoint: "https://example.com/\(path)")
    }

    private static let all = QueueScope(tenant: nil, endpoint: name("a").endpoint)

    @Test(arguments: StoreKind.allCases) func endpointsOfAllComeOnceInOrderAndInPortions(_ kind: StoreKind) async throws
    {
        try await kind.withStore { store in
            let names = ["", "a", "ä", "b" + String(repeating: "x", count: 500), "c", "d", "z"]
            let queues = names.enumerated().flatMap { index, endpoint in
                Self.tenants.prefix(1 + index % 3).map { QueueName(tenant: $0, endpoint: endpoint) }
            }
            _ = try await store.enqueue(queues.shuffled().map { job("1", in: $0) })
            _ = try await store.delete([JobKey(QueueName(tenant: "a", endpoint: "c"), "1")])
            var portions: [[String]] = []
            var cursor: String?
            repeat {
                let page = try await store.endpoints(of: nil, from: cursor, limit: Portion(count: 3, bytes: 100))
                portions.append(page.endpoints)
                cursor = page.cursor
            } while cursor != nil
            #expect(portions == [["", "a"], [names[3]], ["c", "d", "z"], ["ä"]])
        }
    }

    @Test(arguments: StoreKind.allCases) func countsOfAllAreSums(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            for (index, tenant) in Self.tenants.enumerated() {
                _ = try await store.enqueue((0...index).map { job("\($0)", in: Self.name(tenant)) })
            }
            _ = try await store.enqueue([job("x", in: Self.name("b", "b"))])
            _ = try await store.leased(2)
            let endpoints = ["a", "b", "c"].map { "https://example.com/\($0)" }
            #expect(try await store.counts(of: endpoints, for: nil) == [endpoints[0]: 10, endpoints[1]: 1])
            #expect(try await store.counts(of: endpoints, for: "b") == [endpoints[0]: 2, endpoints[1]: 1])
            #expect(try await store.endpoints(of: nil, from: nil, limit: Portion(count: 9, bytes: 999)).cursor == nil)
        }
    }

    /// However they are mixed, and though some go and some come in between.
    @Test(arguments: StoreKind.allCases) func jobsOfAllComeOnceAsTheyWereStored(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let keys = (0..<250).map { JobKey(Self.name(Self.tenants[$0 * $0 % 7 % 4]), "\($0)") }
            _ = try await store.enqueue(
                keys.map { job($0.id, in: $0.queue, at: 9_000) } + [job("x", in: Self.name("b", "b"))])
            _ = try await store.delete([keys[100]])
            let limit = Portion(count: 60, bytes: 1 << 20)
            var found: [JobKey] = []
            var cursor: Int64? = 0
            while let position = cursor {
                let extent = try await store.extent(of: Self.all, from: position, limit: limit)
                let page = try await store.jobs(in: Self.all, from: position, through: .max, limit: limit)
                #expect(page.cursor == extent.cursor)
                #expect(page.jobs.count <= 60)
                let again = try await store.jobs(in: Self.all, from: position, through: extent.end, limit: limit)
                #expect(again.jobs == page.jobs)
                found += page.jobs.map(\.key)
                cursor = page.cursor
                _ = try await store.delete([keys[200]])
            }
            #expect(found == keys.filter { ![keys[100], keys[200]].contains($0) })
            let nothing = QueueScope(tenant: nil, endpoint: "https://example.com/c")
            #expect(
                try await store.jobs(in: nothing, from: 0, through: .max, limit: limit)
                    == JobPage(jobs: [], cursor: nil))
            #expect(try await store.extent(of: nothing, from: 7, limit: limit) == JobExtent(end: 7))
        }
    }

    @Test(arguments: StoreKind.allCases) func portionOfAllIsBoundedInBytes(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let sizes = [10, 20_000, 30_000, 30_000, 70_000, 80_000, 10, 10]
            _ = try await store.enqueue(
                sizes.enumerated().map { index, size in
                    job("\(index)", in: Self.name(Self.tenants[index % 3])) {
                        $0.body = Payload(Array(repeating: 0x78, count: size))
                    }
                })
            var parts: [[String]] = []
            var cursor: Int64? = 0
            while let position = cursor {
                let limit = Portion(count: 4, bytes: 64_000)
                let page = try await store.jobs(in: Self.all, from: position, through: .max, limit: limit)
                let extent = try await store.extent(of: Self.all, from: position, limit: limit)
                #expect(page.cursor == extent.cursor)
                #expect((0..<100).contains(extent.largestBytes - (page.jobs.map(\.body.byteCount).max() ?? 0)))
                parts.append(page.jobs.map(\.key.id))
                cursor = page.cursor
            }
            #expect(parts == [["0", "1", "2"], ["3"], ["4"], ["5"], ["6", "7"]])
        }
    }

    @Test(arguments: StoreKind.allCases) func oldestOfAllIsTheOneThatIsFound(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            // Its queue is not the oldest.
            _ = try await store.enqueue([job("other", in: Self.name("a"))])
            for tenant in ["b", "a", "é"] {
                _ = try await store.enqueue([job("x", in: Self.name(tenant)) { $0.body = .text(tenant) }])
            }
            _ = try await store.enqueue([job("x", in: Self.name("a", "b"))])
            #expect(try await store.job("x", in: Self.all)?.key == JobKey(Self.name("b"), "x"))
            #expect(try await store.job("x", in: Self.name("é").scope)?.body == "é")
            _ = try await store.delete([JobKey(Self.name("b"), "x")])
            #expect(try await store.job("x", in: Self.all)?.body == "a")
            #expect(try await store.job("y", in: Self.all) == nil)
        }
    }
}
