import FletchQueue
import Testing

/// What is enqueued once, however often it is asked for.
@Suite struct OnceTests {
    /// A request whose answer has the ids and bodies of the jobs.
    private static func once(
        _ key: String = "key", request: UInt8 = 1, of tenant: String = "anonymous", at moment: Int64 = 0
    ) -> Once {
        Once(tenant: tenant, key: key, request: Array(repeating: request, count: 32), at: at(moment)) { jobs in
            Array(jobs.map { "\($0.key.id):\($0.body.text ?? "")" }.joined(separator: ",").utf8)
        }
    }

    /// - Returns: What was stored, or answered.
    private static func enqueue(
        _ jobs: [NewJob], _ once: Once?, _ store: any JobStore, by digest: TokenDigest? = nil
    ) async throws -> String {
        switch try await store.enqueue(jobs, by: digest, once: once) {
        case .stored(let jobs): "stored " + jobs.map(\.key.id).joined(separator: ",")
        case .answered(let bytes): "answered " + String(decoding: bytes, as: UTF8.self)
        }
    }

    private static func token(_ tenant: String, _ number: UInt8) -> TenantToken {
        TenantToken(
            tenant: tenant, scope: .all, digest: TokenDigest(Array(repeating: number, count: 32)),
            secret: StoredSecret(bytes: [1], keyID: nil), issuedAt: at(1))
    }

    private static func answer(_ once: Once, _ store: any JobStore) async throws -> String? {
        try await store.answer(to: once).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: StoreKind.allCases) func sameRequestIsAnsweredAndStoresNothing(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let stored = try await Self.enqueue([job("a"), job("b", in: other)], Self.once(), store)
            #expect(stored == "stored a,b")
            #expect(try await Self.enqueue([job("c")], Self.once(), store) == "answered a:body of a,b:body of b")
            #expect(try await store.counts(of: "anonymous") == [queue.endpoint: 1, other.endpoint: 1])
        }
    }

    @Test(arguments: StoreKind.allCases) func withoutAKeyNothingIsRemembered(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            for id in ["a", "b"] { #expect(try await Self.enqueue([job(id)], nil, store) == "stored \(id)") }
            let answer = try await Self.answer(Self.once(), store)
            #expect(answer == nil)
        }
    }

    @Test(arguments: StoreKind.allCases) func answerTellsOfAJobThatWasThereAlready(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([job("a")])
            let changed = job("a") { $0.body = "another" }
            #expect(try await Self.enqueue([changed], Self.once(), store) == "stored a")
            #expect(try await Self.answer(Self.once(), store) == "a:body of a")
        }
    }

    /// However the job has ended.
    @Test(arguments: StoreKind.allCases) func answerOutlivesTheJob(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            for (number, id) in ["delivered", "deleted", "emptied"].enumerated() {
                let once = Self.once(id, request: UInt8(number))
                _ = try await Self.enqueue([job(id)], once, store)
                switch number {
                case 0: try await store.settle(try await store.leased()[0])
                case 1: _ = try await store.delete([JobKey(queue, id)])
                default: try await store.empty(queue)
                }
                #expect(try await Self.enqueue([job(id)], once, store) == "answered \(id):body of \(id)")
                #expect(try await store.leased().isEmpty)
            }
        }
    }

    @Test(arguments: StoreKind.allCases) func emptyBatchIsRemembered(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let stored = try await Self.enqueue([], Self.once(), store)
            #expect(stored == "stored ")
            #expect(try await Self.enqueue([job("a")], Self.once(), store) == "answered ")
        }
    }

    @Test(arguments: StoreKind.allCases) func keyOfAnotherRequestIsRefused(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await Self.enqueue([job("a")], Self.once(), store)
            let error = await #expect(throws: StoreError.self) {
                try await Self.enqueue([job("b")], Self.once(request: 2), store)
            }
            #expect(error?.code == .keyReused)
            #expect(error?.message.contains("make a new key") == true)
            #expect(try await store.job(JobKey(queue, "b")) == nil)
            #expect(try await Self.enqueue([job("b")], Self.once(), store) == "answered a:body of a")
        }
    }

    /// One that is refused does not take others along that are written with it.
    @Test(arguments: StoreKind.allCases) func refusalConcernsNobodyElse(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await Self.enqueue([job("a")], Self.once(), store)
            let refusals = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        let once = number.isMultiple(of: 2) ? Self.once(request: 2) : Self.once("\(number)")
                        do {
                            _ = try await Self.enqueue([job("\(number)")], once, store)
                            return false
                        } catch let error as StoreError where error.code == .keyReused {
                            return true
                        }
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(refusals == 50)
            #expect(try await store.counts(of: "anonymous") == [queue.endpoint: 51])
        }
    }

    @Test(arguments: StoreKind.allCases) func eachTenantHasKeysOfItsOwn(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let stranger = QueueName(tenant: "stranger", endpoint: queue.endpoint)
            _ = try await Self.enqueue([job("a")], Self.once(), store)
            let once = Self.once(request: 2, of: "stranger")
            #expect(try await Self.enqueue([job("b", in: stranger)], once, store) == "stored b")
            #expect(try await Self.answer(Self.once(), store) == "a:body of a")
            #expect(try await Self.answer(once, store) == "b:body of b")
            #expect(try await Self.answer(Self.once(of: "nobody"), store) == nil)
        }
    }

    /// Also what Swift takes for the same text.
    @Test(arguments: StoreKind.allCases) func keysAreComparedByteByByte(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let keys = [
                "k", "K", "k ", "k\u{0}", "k\u{0}a", "\u{E9}", "e\u{301}", "", String(repeating: "k", count: 255),
            ]
            for (number, key) in keys.enumerated() {
                let stored = try await Self.enqueue([job("\(number)")], Self.once(key, request: UInt8(number)), store)
                #expect(stored == "stored \(number)")
            }
            for (number, key) in keys.enumerated() {
                let answer = try await Self.answer(Self.once(key, request: UInt8(number)), store)
                #expect(answer == "\(number):body of \(number)")
            }
        }
    }

    @Test(arguments: StoreKind.allCases) func keyIsRememberedForADayAndNoLonger(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let day = Once.memory
            _ = try await Self.enqueue([job("a")], Self.once(), store)
            #expect(try await Self.enqueue([job("b")], Self.once(at: day - 1), store) == "answered a:body of a")
            // To be answered is not to be asked for anew: it expires all the same.
            #expect(try await Self.answer(Self.once(at: day), store) == nil)
            #expect(try await Self.answer(Self.once(request: 2, at: day), store) == nil)
            #expect(try await Self.enqueue([job("b")], Self.once(request: 2, at: day), store) == "stored b")
            let answered = try await Self.enqueue([job("c")], Self.once(request: 2, at: 2 * day - 1), store)
            #expect(answered == "answered b:body of b")
            #expect(try await Self.enqueue([job("c")], Self.once(at: 2 * day), store) == "stored c")
        }
    }

    @Test(arguments: StoreKind.allCases) func answerIsToldOfTheSameRequestAlone(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            #expect(try await Self.answer(Self.once(), store) == nil)
            _ = try await Self.enqueue([job("a")], Self.once(), store)
            #expect(try await Self.answer(Self.once(), store) == "a:body of a")
            #expect(try await Self.answer(Self.once("another"), store) == nil)
            let error = await #expect(throws: StoreError.self) { try await store.answer(to: Self.once(request: 2)) }
            #expect(error?.code == .keyReused)
        }
    }

    @Test(arguments: StoreKind.allCases) func refusedEnqueueIsNotRemembered(_ kind: StoreKind) async throws {
        var quotas = Quotas()
        quotas.maximumJobCount = 2
        try await kind.withStore(quotas: quotas) { store in
            _ = try await Self.enqueue([job("a"), job("b")], Self.once("first"), store)
            let full = await #expect(throws: StoreError.self) { try await Self.enqueue([job("c")], Self.once(), store) }
            #expect(full?.code == .quotaExceeded)
            #expect(try await Self.answer(Self.once(), store) == nil)
            // What stores nothing is never refused.
            let again = try await Self.enqueue([job("c")], Self.once("first"), store)
            #expect(again == "answered a:body of a,b:body of b")
            _ = try await store.delete([JobKey(queue, "a")])
            #expect(try await Self.enqueue([job("c")], Self.once(), store) == "stored c")
        }
    }

    @Test(arguments: StoreKind.allCases) func enqueueThatIsTooLargeIsNotRemembered(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let body = Payload.text(String(repeating: "x", count: 700_000))
            _ = try await store.enqueue(["a", "b"].map { job($0) { $0.body = body } })
            let error = await #expect(throws: StoreError.self) {
                try await Self.enqueue([job("new"), job("a"), job("b")], Self.once(), store)
            }
            #expect(error?.code == .answerTooLarge)
            #expect(try await store.job(JobKey(queue, "new")) == nil)
            #expect(try await Self.enqueue([job("new")], Self.once(request: 2), store) == "stored new")
        }
    }

    /// Whoever has a token no more is not told what was answered to it.
    @Test(arguments: StoreKind.allCases) func revokedTokenIsRefusedFirst(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let (old, new) = (Self.token("a", 1), Self.token("a", 2))
            let name = QueueName(tenant: "a", endpoint: queue.endpoint)
            try await store.issue(old)
            _ = try await Self.enqueue([job("x", in: name)], Self.once(of: "a"), store, by: old.digest)
            try await store.issue(new)
            for request in UInt8(1)...2 {
                let error = await #expect(throws: StoreError.self) {
                    let once = Self.once(request: request, of: "a")
                    return try await Self.enqueue([job("x", in: name)], once, store, by: old.digest)
                }
                #expect(error?.code == .tokenRevoked)
            }
            let answer = try await Self.enqueue([job("x", in: name)], Self.once(of: "a"), store, by: new.digest)
            #expect(answer == "answered x:body of x")
        }
    }

    @Test(arguments: StoreKind.allCases) func nameOfARevokedTenantBeginsWithoutItsKeys(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let name = QueueName(tenant: "a", endpoint: queue.endpoint)
            try await store.issue(Self.token("a", 1))
            _ = try await Self.enqueue([job("old", in: name)], Self.once(of: "a"), store)
            _ = try await Self.enqueue([job("b's")], Self.once(), store)
            #expect(try await store.revoke("a"))
            #expect(try await Self.answer(Self.once(of: "a"), store) == nil)
            let once = Self.once(request: 2, of: "a")
            #expect(try await Self.enqueue([job("new", in: name)], once, store) == "stored new")
            try await store.deleteRevoked()
            #expect(try await Self.answer(once, store) == "new:body of new")
            #expect(try await Self.answer(Self.once(), store) == "b's:body of b's")
        }
    }

    @Test(arguments: StoreKind.allCases) func manyAtOnceStoreOneJob(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let answers = try await withThrowingTaskGroup(of: String.self) { group in
                for number in 0..<200 {
                    group.addTask { try await Self.enqueue([job("\(number)")], Self.once(), store) }
                }
                return try await group.reduce(into: [String]()) { $0.append($1) }
            }
            #expect(answers.filter { $0.hasPrefix("stored") }.count == 1)
            #expect(Set(answers.filter { $0.hasPrefix("answered") }).count == 1)
            #expect(try await store.counts(of: "anonymous") == [queue.endpoint: 1])
        }
    }

    @Test(arguments: StoreKind.allCases) func answerOutlivesTheProcess(_ kind: StoreKind) async throws {
        try await kind.withReopenedStore([Quotas(), Quotas()]) { store, opening in
            let answer = try await Self.enqueue([job("\(opening)")], Self.once(), store)
            #expect(answer == ["stored 0", "answered 0:body of 0"][opening])
        }
    }

    /// In several portions, by their number and by their bytes.
    @Test(arguments: StoreKind.allCases) func whatHasExpiredIsForgotten(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let long = Payload.text(String(repeating: "x", count: 1_500_000))
            for number in 0..<3 {
                _ = try await Self.enqueue([job("long") { $0.body = long }], Self.once("long \(number)"), store)
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<1_200 {
                    group.addTask { _ = try await Self.enqueue([], Self.once("\(number)"), store) }
                }
                try await group.waitForAll()
            }
            _ = try await Self.enqueue([], Self.once("later", at: 1), store)
            try await store.forgetAnswers(at: at(Once.memory - 1))
            for key in ["long 0", "0", "1199", "later"] { #expect(try await Self.answer(Self.once(key), store) != nil) }
            try await store.forgetAnswers(at: at(Once.memory))
            let keys = (0..<3).map { "long \($0)" } + (0..<1_200).map { "\($0)" }
            for key in keys { #expect(try await Self.answer(Self.once(key), store) == nil) }
            #expect(try await Self.answer(Self.once("later"), store) != nil)
            try await store.forgetAnswers(at: at(Once.memory + 1))
            #expect(try await Self.answer(Self.once("later"), store) == nil)
            // A tenant without a key begins anew.
            #expect(try await Self.enqueue([job("new")], Self.once("later", request: 2), store) == "stored new")
            #expect(try await Self.answer(Self.once("later", request: 2), store) == "new:body of new")
        }
    }
}
