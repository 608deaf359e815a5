import Testing

@testable import Fletch

@Suite struct SessionCacheTests {
    private let origin = SecureOrigin(host: "a", port: 443)

    @Test func newestIsTakenFirstAndEachOnceButTheLast() {
        var cache = SessionCache<Int>()
        for number in 1...3 { cache.add(number, of: origin, end: 100) }
        #expect((0..<5).map { _ in cache.take(of: origin, at: 0) } == [3, 2, 1, 1, 1])
    }

    @Test func expiredAndForgottenOnesAreNotTaken() {
        var cache = SessionCache<Int>()
        cache.add(1, of: origin, end: 10)
        cache.add(2, of: origin, end: 20)
        #expect(cache.take(of: origin, at: 10) == 2)
        #expect(cache.take(of: origin, at: 20) == nil)
        cache.add(3, of: origin, end: 100)
        cache.forget(origin)
        #expect(cache.take(of: origin, at: 20) == nil)
    }

    @Test func originsAreApart() {
        var cache = SessionCache<Int>()
        cache.add(1, of: origin, end: 10)
        #expect(cache.take(of: SecureOrigin(host: "a", port: 444), at: 0) == nil)
        #expect(cache.take(of: SecureOrigin(host: "b", port: 443), at: 0) == nil)
    }

    @Test func memoryIsBounded() {
        var cache = SessionCache<Int>()
        for number in 0..<100 { cache.add(number, of: origin, end: 10) }
        #expect(Set((0..<100).map { _ in cache.take(of: origin, at: 0) }) == Set((92..<100).map { $0 }))
        for port in UInt16(1)...5_000 { cache.add(1, of: SecureOrigin(host: "a", port: port), end: 10) }
        let kept = (UInt16(1)...5_000).count { cache.take(of: SecureOrigin(host: "a", port: $0), at: 0) != nil }
        #expect(kept == 1_024)
    }
}
