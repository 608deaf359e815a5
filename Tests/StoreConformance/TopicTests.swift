import FletchQueue
import Testing

/// What a store keeps of topics.
@Suite struct TopicTests {
    private static let all = Portion(count: 1_000, bytes: 1 << 20)

    private static func token(_ tenant: String, _ number: UInt8) -> TenantToken {
        TenantToken(
            tenant: tenant, scope: .all, digest: TokenDigest(Array(repeating: number, count: 32)),
            secret: StoredSecret(bytes: [1], keyID: nil), issuedAt: at(1))
    }

    /// Sets a topic of the tenant `a`, or deletes it.
    @discardableResult
    private static func set(
        _ endpoints: [String]?, _ name: String, of tenant: String = "a", _ store: any JobStore
    ) async throws(StoreError) -> Bool {
        try await store.set(endpoints: endpoints, ofTopic: name, of: tenant, by: nil)
    }

    @Test(arguments: StoreKind.allCases) func topicHasItsEndpointsInOrder(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let endpoints = ["https://b.example/?x=\"\\", "https://a.example/é", "e\u{301}", "", "\u{0}"]
            #expect(try await store.topic("t", of: "a") == nil)
            try await Self.set(endpoints, "t", store)
            #expect(try await store.topic("t", of: "a") == Topic(name: "t", endpoints: endpoints))
            #expect(try await store.topic("T", of: "a") == nil)
        }
    }

    @Test(arguments: StoreKind.allCases) func setReplacesAndTellsWhatWasThere(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let wasThere = try await Self.set(["x", "y"], "t", store)
            #expect(!wasThere)
            #expect(try await Self.set(["z"], "t", store))
            #expect(try await store.topic("t", of: "a")?.endpoints == ["z"])
            #expect(try await store.topics(of: "a", from: nil, limit: Self.all).topics.count == 1)
            #expect(try await Self.set(nil, "t", store))
            #expect(try await store.topic("t", of: "a") == nil)
            #expect(try await !Self.set(nil, "t", store))
            #expect(try await !Self.set(["x"], "t", store))
        }
    }

    @Test(arguments: StoreKind.allCases) func eachTenantHasTopicsOfItsOwn(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await Self.set(["b's"], "t", of: "b", store)
            #expect(try await store.topic("t", of: "a") == nil)
            #expect(try await !Self.set(["a's"], "t", of: "a", store))
            #expect(try await store.topic("t", of: "b")?.endpoints == ["b's"])
            #expect(try await store.topic("t", of: "a")?.endpoints == ["a's"])
            #expect(try await !Self.set(nil, "t", of: "c", store))
            #expect(try await Self.set(nil, "t", of: "a", store))
            #expect(try await store.topics(of: "a", from: nil, limit: Self.all) == TopicPage())
            #expect(try await store.topic("t", of: "b")?.endpoints == ["b's"])
        }
    }

    @Test(arguments: StoreKind.allCases) func topicsAreListedInTheOrderOfTheirBytes(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let names = ["b", "a", "é", "Z", "a.b", "-"]
            for name in names { try await Self.set([name + "'s"], name, store) }
            try await Self.set(["b's"], "0", of: "b", store)
            let first = try await store.topics(of: "a", from: nil, limit: Portion(count: 4, bytes: 1 << 20))
            #expect(first.topics.map(\.name) == ["-", "Z", "a", "a.b"])
            #expect(first.topics.first?.endpoints == ["-'s"])
            #expect(first.cursor == "a.b")
            let rest = try await store.topics(of: "a", from: first.cursor, limit: Self.all)
            #expect(rest.topics.map(\.name) == ["b", "é"] && rest.cursor == nil)
            #expect(try await store.topics(of: "a", from: "é", limit: Self.all) == TopicPage())
            // A topic that is gone is a place all the same.
            try await Self.set(nil, "a.b", store)
            #expect(try await store.topics(of: "a", from: "a.b", limit: Self.all) == rest)
            let exact = try await store.topics(of: "a", from: nil, limit: Portion(count: 5, bytes: 1 << 20))
            #expect(exact.topics.count == 5 && exact.cursor == nil)
        }
    }

    /// Of names and endpoints; one topic is always told.
    @Test(arguments: StoreKind.allCases) func pageIsBoundedInBytes(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            for name in ["a", "b", "c"] { try await Self.set(["1234", "67890"], name, store) }
            let page = { (bytes: Int) in
                try await store.topics(of: "a", from: nil, limit: Portion(count: 10, bytes: bytes)).topics.count
            }
            #expect(try await page(1) == 1)
            #expect(try await page(19) == 1)
            #expect(try await page(20) == 2)
            #expect(try await page(29) == 2)
            #expect(try await page(30) == 3)
        }
    }

    @Test(arguments: StoreKind.allCases) func tenantHasTenThousandTopicsAtMost(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<10_000 { group.addTask { try await Self.set(["x"], "\(number)", store) } }
                try await group.waitForAll()
            }
            let error = await #expect(throws: StoreError.self) { try await Self.set(["x"], "more", store) }
            #expect(error?.code == .quotaExceeded)
            #expect(error?.message.contains("delete some") == true)
            #expect(try await store.topic("more", of: "a") == nil)
            #expect(try await Self.set(["y"], "17", store), "what is there may be replaced")
            #expect(try await !Self.set(["x"], "more", of: "b", store))
            #expect(try await Self.set(nil, "17", store))
            #expect(try await !Self.set(["x"], "more", store))
        }
    }

    /// To the byte: names and endpoints count.
    @Test(arguments: StoreKind.allCases) func topicsOfATenantAreBoundedInBytes(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let most = String(repeating: "x", count: 64 << 20)
            try await Self.set([String(most.dropLast(10))], "most", store)
            try await Self.set(["12345"], "m", store)
            let error = await #expect(throws: StoreError.self) { try await Self.set([""], "o", store) }
            #expect(error?.code == .quotaExceeded)
            #expect(error?.message.contains("64 MiB") == true)
            #expect(try await Self.set(["54321"], "m", store), "it takes no more room than before")
            #expect(try await Self.set(["4321"], "m", store))
            #expect(try await !Self.set([""], "o", store))
            #expect(try await !Self.set(["b's"], "o", of: "b", store))
        }
    }

    @Test(arguments: StoreKind.allCases) func topicIsNotChangedByATokenThatIsGone(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let token = Self.token("a", 1)
            try await store.issue(token)
            #expect(try await !store.set(endpoints: ["x"], ofTopic: "t", of: "a", by: token.digest))
            try await store.issue(Self.token("a", 2))
            for endpoints in [["y"], nil] {
                let error = await #expect(throws: StoreError.self) {
                    try await store.set(endpoints: endpoints, ofTopic: "t", of: "a", by: token.digest)
                }
                #expect(error?.code == .tokenRevoked)
            }
            #expect(try await store.topic("t", of: "a")?.endpoints == ["x"])
        }
    }

    @Test(arguments: StoreKind.allCases) func topicsOfARevokedTenantAreGone(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.issue(Self.token("a", 1))
            for tenant in ["a", "b"] { try await Self.set(["\(tenant)'s"], "t", of: tenant, store) }
            #expect(try await store.revoke("a"))
            #expect(try await store.topic("t", of: "a") == nil)
            #expect(try await store.topics(of: "a", from: nil, limit: Self.all) == TopicPage())
            #expect(try await store.topic("t", of: "b")?.endpoints == ["b's"])
        }
    }

    @Test(arguments: StoreKind.allCases) func topicOutlivesTheProcess(_ kind: StoreKind) async throws {
        try await kind.withReopenedStore([Quotas(), Quotas()]) { store, opening in
            if opening == 0 { try await Self.set(["x", "y"], "t", store) }
            #expect(try await store.topic("t", of: "a")?.endpoints == ["x", "y"])
        }
    }
}
