import Foundation
import Testing

@testable import Fletch

@Suite struct TLSContextTests {
    private let origin = SecureOrigin(host: "a", port: 443)

    @Test func sessionIsOfferedUntilItExpires() throws {
        let now = Lock(1_000)
        let context = try TLSContext(TLSSettings(), clock: { now.withLock { $0 } })
        context.offered(try session(time: 1_000, timeout: 300), by: origin)
        now.withLock { $0 = 1_299 }
        #expect(context.session(for: origin) != nil)
        now.withLock { $0 = 1_300 }
        #expect(context.session(for: origin) == nil)
        now.withLock { $0 = 1_000 }
        #expect(context.session(for: origin) == nil, "it is gone for good")
    }

    @Test func sessionOfTheStoreIsOfferedUntilItExpires() throws {
        let stored = try session(time: 1_000, timeout: 300).encoded
        for (moment, isOffered) in [(1_299, true), (1_300, false), (90_000, false)] {
            var settings = TLSSettings()
            settings.sessionStore = SingleSession(session: stored)
            let context = try TLSContext(settings, clock: { moment })
            #expect((context.session(for: origin) != nil) == isOffered, "\(moment)")
        }
    }

    /// One of TLS 1.2, as OpenSSL writes it (`SSL_SESSION_ASN1`).
    private func session(time: UInt16, timeout: UInt16) throws -> TLSSession {
        func value(_ tag: UInt8, _ bytes: [UInt8]) -> [UInt8] { [tag, UInt8(bytes.count)] + bytes }
        func integer(_ number: UInt16) -> [UInt8] { value(0x02, [UInt8(number >> 8), UInt8(number & 0xFF)]) }
        let parts = [
            value(0x02, [1]), value(0x02, [3, 3]), value(0x04, [0xC0, 0x2F]), value(0x04, [1, 2, 3, 4]),
            value(0x04, [UInt8](repeating: 7, count: 48)), value(0xA1, integer(time)), value(0xA2, integer(timeout)),
        ]
        // Loads OpenSSL.
        _ = try TLSContext(TLSSettings())
        return try #require(TLSSession(encoded: value(0x30, parts.flatMap { $0 })))
    }
}

private struct SingleSession: TLSSessionStore {
    let session: [UInt8]

    func session(for key: String) -> [UInt8]? { session }
    func store(_ session: [UInt8]?, for key: String) {}
}
