import Testing

@testable import Fletch

@Suite struct NameCacheTests {
    private let addresses = ["10.0.0.1"].compactMap { SocketAddress(literal: $0, port: 0) }

    private func moment(_ nanoseconds: Int64) -> Moment { Moment(nanoseconds: nanoseconds) }

    private func word(_ answer: NameCache<Int>.Answer) -> String {
        switch answer {
        case .known: "known"
        case .lookUp: "look up"
        case .wait: "wait"
        }
    }

    @Test func nameIsLookedUpOnceForAllWhoWait() {
        var cache = NameCache<Int>(lifetime: 30, maximumLookupCount: 8)
        #expect(word(cache.ask("a", 1, at: moment(0))) == "look up")
        #expect(word(cache.ask("a", 2, at: moment(0))) == "wait")
        #expect(cache.answered("a", .success(addresses), at: moment(5)).waiters == [1, 2])
        #expect(word(cache.ask("a", 3, at: moment(34))) == "known")
        #expect(word(cache.ask("a", 4, at: moment(35))) == "look up")
    }

    @Test func failureIsNotKept() {
        var cache = NameCache<Int>(lifetime: 30, maximumLookupCount: 8)
        _ = cache.ask("a", 1, at: moment(0))
        _ = cache.answered("a", .failure(ResolutionFailure(message: "")), at: moment(1))
        #expect(word(cache.ask("a", 2, at: moment(2))) == "look up")
    }

    private let doubtful = Result<[SocketAddress], ResolutionFailure>.failure(
        ResolutionFailure(message: "", isDoubtful: true))

    /// What it lacked others may have had.
    @Test func doubtfulFailureIsLookedIntoAgainAlone() {
        var cache = NameCache<Int>(lifetime: 30, maximumLookupCount: 2)
        for (number, name) in ["a", "b", "c"].enumerated() { _ = cache.ask(name, number, at: moment(0)) }
        let first = cache.answered("a", doubtful, at: moment(1))
        #expect(first.waiters.isEmpty && first.next == [])
        #expect(word(cache.ask("a", 3, at: moment(1))) == "wait")
        let second = cache.answered("b", .success(addresses), at: moment(2))
        #expect(second.waiters == [1] && second.next == ["a"])
        // Nothing begins beside it.
        #expect(word(cache.ask("d", 4, at: moment(2))) == "wait")
        let third = cache.answered("a", doubtful, at: moment(3))
        #expect(third.waiters == [0, 3])
        // And then as many at once as before.
        #expect(third.next == ["c", "d"])
        #expect(cache.isLookingUp)
    }

    /// Whatever comes meanwhile: the names that are doubted are looked up one after the other, and told.
    @Test func everyDoubtEnds() {
        var cache = NameCache<Int>(lifetime: 30, maximumLookupCount: 8)
        var (running, told) = (Set<String>(), Set<Int>())
        for number in 0..<1_000 {
            if word(cache.ask("n\(number)", number, at: moment(0))) == "look up" { running.insert("n\(number)") }
            guard let name = running.randomElement() else { continue }
            running.remove(name)
            let (waiters, next) = cache.answered(name, doubtful, at: moment(0))
            told.formUnion(waiters)
            running.formUnion(next)
        }
        while let name = running.popFirst() {
            let (waiters, next) = cache.answered(name, doubtful, at: moment(0))
            told.formUnion(waiters)
            running.formUnion(next)
        }
        #expect(told.count == 1_000)
        #expect(!cache.isLookingUp)
    }

    @Test func onlySoManyAreLookedUpAtOnceAndNoneIsForgotten() {
        var cache = NameCache<Int>(lifetime: 30, maximumLookupCount: 1)
        #expect(word(cache.ask("a", 1, at: moment(0))) == "look up")
        #expect(word(cache.ask("b", 2, at: moment(0))) == "wait")
        #expect(cache.answered("a", .success(addresses), at: moment(1)).next == ["b"])
        let last = cache.answered("b", .success(addresses), at: moment(1))
        #expect(last.waiters == [2])
        #expect(last.next == [])
    }
}
