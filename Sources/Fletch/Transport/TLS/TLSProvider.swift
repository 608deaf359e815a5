/// A client's TLS, set up when the first request needs it: OpenSSL costs nothing where only `http` is used.
final class TLSProvider: Sendable {
    private let settings: TLSSettings
    private let made = Lock<Result<TLSContext, FletchError>?>(nil)

    init(_ settings: TLSSettings) { self.settings = settings }

    func context() throws(FletchError) -> TLSContext {
        try made.withLock { made in
            if let made { return made }
            do throws(FletchError) {
                let result = Result<TLSContext, FletchError>.success(try TLSContext(settings))
                made = result
                return result
            } catch {
                made = .failure(error)
                return .failure(error)
            }
        }.get()
    }
}
