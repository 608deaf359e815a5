/// Keeps TLS sessions beyond the life of a client: each is as secret as a password until it expires.
///
/// Called from the client's threads, while a connection is made or served, and all others of its event loop wait: it must
/// not block. A store that cannot answer at once, as another has its lock, does without: a session only saves time.
public protocol TLSSessionStore: Sendable {
    /// The session stored last under `key`.
    func session(for key: String) -> [UInt8]?
    /// Stores a session under `key`, in place of the one before; nil forgets it. At most twice for each connection, however
    /// many the server offers: when nobody waits for it any more, and at its end.
    /// - Parameters:
    ///   - session: As DER, at most 16 KB; it holds its time of expiry.
    ///   - key: Stands for origin and settings: 44 characters (a SHA-256 in Base64).
    func store(_ session: [UInt8]?, for key: String)
}
