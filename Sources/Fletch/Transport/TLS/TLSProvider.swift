/// A client's TLS, set up when the first request needs it: OpenSSL costs nothing where only `http` is used.
final class TLSProvider: Sendable {
    private let settings: TLSSettings
    private let made = Lock<TLSContext?>(nil)

    init(_ settings: TLSSettings) { self.settings = settings }

    /// What fails is tried again by the next request: the cause may have passed.
    func context() throws(FletchError) -> TLSContext {
        try made.withLock { made throws(FletchError) in
            if let made { return made }
            let context = try TLSContext(settings)
            made = context
            return context
        }
    }
}
