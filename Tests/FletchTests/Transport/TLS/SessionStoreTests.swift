import Testing

@testable import Fletch

/// What is handed to a store, and under which key.
@Suite struct SessionStoreTests {
    private func context(_ store: RecordingStore, pins: [String] = []) throws -> TLSContext {
        var settings = TLSSettings()
        settings.sessionStore = store
        settings.pinnedPublicKeys = pins
        return try TLSContext(settings)
    }

    @Test func sessionsBeyondTheirBoundAreNotStored() throws {
        let (store, origin) = (RecordingStore(), SecureOrigin(host: "a", port: 443))
        let context = try context(store)
        for (ticketBytes, count) in [(20_000, 0), (15_000, 1), (20_000, 1), (100, 2)] {
            context.keep(try #require(TLSSession(encoded: encodedSession(ticketBytes: ticketBytes))), of: origin)
            #expect(store.sessions.count == count)
        }
        #expect(context.session(for: origin) != nil)
        store.answer = encodedSession(ticketBytes: 20_000)
        #expect(try self.context(store).session(for: origin) == nil)
    }

    @Test func keysAreBoundedAndApart() throws {
        let store = RecordingStore()
        let pin = "sha256//" + Base64.encode([UInt8](repeating: 0, count: 32))
        let origins = ["a", "a.", "b", String(repeating: "a", count: 5_000)].map { SecureOrigin(host: $0, port: 443) }
        for pins in [[], [pin], [String](repeating: pin, count: 100)] {
            for origin in origins + [SecureOrigin(host: "a", port: 444)] {
                try context(store, pins: pins).forget(origin)
            }
        }
        #expect(Set(store.keys).count == 15)
        #expect(store.keys.allSatisfy { $0.utf8.count == 44 })
    }
}

/// Notes what it is given.
private final class RecordingStore: TLSSessionStore {
    private let noted = Lock((keys: [String](), sessions: [[UInt8]](), answer: [UInt8]?.none))

    var keys: [String] { noted.withLock { $0.keys } }
    var sessions: [[UInt8]] { noted.withLock { $0.sessions } }
    /// In place of the session stored last.
    var answer: [UInt8]? {
        get { noted.withLock { $0.answer } }
        set { noted.withLock { $0.answer = newValue } }
    }

    func session(for key: String) -> [UInt8]? { noted.withLock { $0.answer ?? $0.sessions.last } }

    func store(_ session: [UInt8]?, for key: String) {
        noted.withLock { noted in
            noted.keys.append(key)
            if let session { noted.sessions.append(session) }
        }
    }
}
