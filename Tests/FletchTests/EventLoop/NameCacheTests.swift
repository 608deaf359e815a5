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

    /// What it lacked the others may have had.
    @Test func doubtfulFailureIsLookedIntoAgainOnceTheOthersHaveEnded() {
        let doubtful = Result<[SocketAddress], ResolutionFailure>.failure(
            ResolutionFailure(message: "", isDoubtful: true))
        var cache = NameCache<Int>(lifetime: 30, maximumLookupCount: 2)
        _ = cache.ask("a", 1, at: moment(0))
        _ = cache.ask("b", 2, at: moment(0))
        _ = cache.ask("c", 3, at: moment(0))
        let first = cache.answered("a", doubtful, at: moment(1))
        #expect(first.waiters.isEmpty && first.next == nil)
        #expect(word(cache.ask("a", 4, at: moment(1))) == "wait")
        let second = cache.answered("b", .success(addresses), at: moment(2))
        #expect(second.waiters == [2] && second.next == "c")
        // As long as some are to be looked up again alone no further one begins.
        #expect(word(cache.ask("d", 5, at: moment(3))) == "wait")
        #expect(cache.answered("c", doubtful, at: moment(3)).next == "a")
        #expect(cache.answered("a", doubtful, at: moment(4)).waiters == [1, 4])
        #expect(cache.isLookingUp)
    }

    @Test func onlySoManyAreLookedUpAtOnceAndNoneIsForgotten() {
        var cache = NameCache<Int>(lifetime: 30, maximumLookupCount: 1)
        #expect(word(cache.ask("a", 1, at: moment(0))) == "look up")
        #expect(word(cache.ask("b", 2, at: moment(0))) == "wait")
        #expect(cache.answered("a", .success(addresses), at: moment(1)).next == "b")
        let last = cache.answered("b", .success(addresses), at: moment(1))
        #expect(last.waiters == [2])
        #expect(last.next == nil)
    }
}
