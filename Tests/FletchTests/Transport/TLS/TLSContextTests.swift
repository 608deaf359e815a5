import Foundation
import Testing

@testable import Fletch

@Suite struct TLSContextTests {
    private let origin = SecureOrigin(host: "a", port: 443)

    @Test func sessionIsOfferedUntilItExpires() throws {
        let now = Lock(1_000)
        let context = try TLSContext(TLSSettings(), clock: { now.withLock { $0 } })
        context.offered(try #require(TLSSession(encoded: encodedSession(time: 1_000, timeout: 300))), by: origin)
        now.withLock { $0 = 1_299 }
        #expect(context.session(for: origin) != nil)
        now.withLock { $0 = 1_300 }
        #expect(context.session(for: origin) == nil)
        now.withLock { $0 = 1_000 }
        #expect(context.session(for: origin) == nil, "it is gone for good")
    }

    @Test func sessionOfTheStoreIsOfferedUntilItExpires() throws {
        let stored = encodedSession(time: 1_000, timeout: 300)
        for (moment, isOffered) in [(1_299, true), (1_300, false), (90_000, false)] {
            var settings = TLSSettings()
            settings.sessionStore = SingleSession(session: stored)
            let context = try TLSContext(settings, clock: { moment })
            #expect((context.session(for: origin) != nil) == isOffered, "\(moment)")
        }
    }
}

private struct SingleSession: TLSSessionStore {
    let session: [UInt8]

    func session(for key: String) -> [UInt8]? { session }
    func store(_ session: [UInt8]?, for key: String) {}
}
