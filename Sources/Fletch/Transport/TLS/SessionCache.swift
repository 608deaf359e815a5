/// The sessions of each origin, the newest last: pure, no OpenSSL.
struct SessionCache<Session> {
    private struct Entry {
        let session: Session
        let end: Int
    }

    private var entries: [SecureOrigin: [Entry]] = [:]

    /// - Parameter end: When it expires, in seconds after 1970.
    mutating func add(_ session: Session, of origin: SecureOrigin, end: Int) {
        if entries[origin] == nil, entries.count >= Self.maximumOriginCount { entries.remove(at: entries.startIndex) }
        entries[origin, default: []].append(Entry(session: session, end: end))
        if let count = entries[origin]?.count, count > Self.maximumSessionCount { entries[origin]?.removeFirst() }
    }

    /// The newest that has not expired. Each is handed out once as far as there are others (RFC 8446 §C.4); the last one
    /// again and again, as a full handshake costs ten times as much.
    /// - Parameter now: In seconds after 1970.
    mutating func take(of origin: SecureOrigin, at now: Int) -> Session? {
        guard var known = entries[origin] else { return nil }
        known.removeAll { $0.end <= now }
        let newest = known.last?.session
        if known.count > 1 { known.removeLast() }
        entries[origin] = known.isEmpty ? nil : known
        return newest
    }

    /// Forgets those of an origin: it did not resume one.
    mutating func forget(_ origin: SecureOrigin) { entries[origin] = nil }

    private static var maximumOriginCount: Int { 1_024 }
    private static var maximumSessionCount: Int { 8 }
}
