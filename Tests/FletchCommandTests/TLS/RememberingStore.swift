import Fletch
import Foundation

/// Keeps sessions in memory.
///
/// What makes it `Sendable`: everything is behind the lock.
final class RememberingStore: TLSSessionStore, @unchecked Sendable {
    private let lock = NSLock()
    private var sessions: [String: [UInt8]] = [:]
    private var newest: [UInt8]?
    private var stored = 0

    var keys: [String] { lock.withLock { Array(sessions.keys) } }
    var last: [UInt8]? { lock.withLock { newest } }
    /// How often a session has been stored.
    var storedCount: Int { lock.withLock { stored } }

    func session(for key: String) -> [UInt8]? { lock.withLock { sessions[key] } }

    func store(_ session: [UInt8]?, for key: String) {
        lock.withLock {
            sessions[key] = session
            newest = session ?? newest
            if session != nil { stored += 1 }
        }
    }

    func replaceAll(with session: [UInt8]) {
        lock.withLock { for key in sessions.keys { sessions[key] = session } }
    }
}
