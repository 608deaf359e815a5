import NIOCore
import Testing

@testable import FletchServer

@Suite struct RequestLimitTests {
    @Test func windowIsCountedAndEnds() {
        var limit = RequestLimit<String>(2)
        let start = ContinuousClock.now
        #expect(limit.count("a", at: start) == .init(limit: 2, count: 1, secondsLeft: 60))
        #expect(limit.count("a", at: start + .milliseconds(500)).remaining == 0)
        let third = limit.count("a", at: start + .seconds(59))
        #expect(third.isExceeded && third.secondsLeft == 1)
        #expect(!limit.count("b", at: start + .seconds(59)).isExceeded)
        let next = limit.count("a", at: start + .seconds(60))
        #expect(next == .init(limit: 2, count: 1, secondsLeft: 60))
        #expect(limit.window(of: "a", at: start + .seconds(60))?.count == 1)
        #expect(limit.window(of: "c", at: start) == nil)
    }

    /// Whoever asks on is not forgotten, however many others there are.
    @Test func memoryIsBoundedAndTheBusyAreRemembered() {
        var limit = RequestLimit<Int>(10)
        let start = ContinuousClock.now
        for key in 0..<300_000 {
            _ = limit.count(key, at: start)
            if key.isMultiple(of: 30_000) { _ = limit.count(-1, at: start) }
        }
        #expect(limit.count(-1, at: start).count == 11)
        #expect(limit.window(of: 0, at: start) == nil)
    }

    @Test func addressesOfANetworkAreOne() throws {
        func key(_ text: String) throws -> ClientAddress? { ClientAddress(try SocketAddress(ipAddress: text, port: 1)) }
        #expect(try key("2001:db8::1") == key("2001:db8::ffff:2"))
        #expect(try key("2001:db8::1") != key("2001:db8:0:1::1"))
        #expect(try key("192.0.2.1") != key("192.0.2.2"))
        #expect(try key("::ffff:192.0.2.1") == key("192.0.2.1"))
        #expect(ClientAddress(nil) == nil)
    }
}
