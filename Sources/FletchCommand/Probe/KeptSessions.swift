import Fletch

/// TLS sessions for as long as the probe lasts, so that each of its connections may resume those before.
final class KeptSessions: TLSSessionStore {
    private let sessions = Lock<[String: [UInt8]]>([:])

    var isEmpty: Bool { sessions.withLock { $0.isEmpty } }

    func session(for key: String) -> [UInt8]? { sessions.withLock { $0[key] } }

    func store(_ session: [UInt8]?, for key: String) { sessions.withLock { $0[key] = session } }
}
