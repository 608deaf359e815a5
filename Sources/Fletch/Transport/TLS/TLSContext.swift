import COpenSSL
import Glibc

/// What the TLS connections of a client share: whom they trust, and the sessions that origins have offered.
final class TLSContext: Sendable {
    /// OpenSSL's contexts may be used by many threads once they are set up.
    nonisolated(unsafe) let pointer: OpaquePointer
    let settings: TLSSettings
    /// Base64 of SHA-256.
    let pins: [String]
    private let sessions = Lock(SessionCache<TLSSession>())
    /// Sessions made with other settings prove nothing here.
    private let settingsKey: String
    /// In seconds after 1970.
    private let clock: @Sendable () -> Int

    init(_ settings: TLSSettings, clock: @escaping @Sendable () -> Int = { time(nil) }) throws(FletchError) {
        self.clock = clock
        var words = [CChar](repeating: 0, count: 256)
        guard fletch_tls_load(&words, words.count) else {
            if OpenDescriptors.areExhausted { throw Self.noDescriptors(Self.text(words)) }
            throw FletchError(
                .tlsUnavailable, .notSent,
                "https needs OpenSSL 3, which cannot be loaded (\(Self.text(words))): install libssl3")
        }
        pins = try settings.pinnedPublicKeys.map { pin throws(FletchError) in try Self.pin(pin) }
        pointer = try Self.make(settings)
        self.settings = settings
        settingsKey = Self.key(of: settings)
    }

    deinit { fletch_tls_context_free(pointer) }

    private static let maximumSessionBytes = 16_384

    // MARK: Sessions

    /// One to resume, if there is one.
    func session(for origin: SecureOrigin) -> TLSSession? {
        guard settings.resumesSessions else { return nil }
        let now = clock()
        if let session = sessions.withLock({ $0.take(of: origin, at: now) }) { return session }
        guard let store = settings.sessionStore, let key = key(of: origin), let bytes = store.session(for: key),
            bytes.count <= Self.maximumSessionBytes, let stored = TLSSession(encoded: bytes), stored.end > now
        else { return nil }
        sessions.withLock { $0.add(stored, of: origin, end: stored.end) }
        return stored
    }

    func offered(_ session: TLSSession, by origin: SecureOrigin) {
        guard settings.resumesSessions else { return }
        sessions.withLock { $0.add(session, of: origin, end: session.end) }
    }

    /// Hands a session that was offered to the store.
    func keep(_ session: TLSSession, of origin: SecureOrigin) {
        guard settings.resumesSessions, let store = settings.sessionStore, let key = key(of: origin) else { return }
        let bytes = session.encoded
        if bytes.count <= Self.maximumSessionBytes { store.store(bytes, for: key) }
    }

    /// What it offered is of no use: it was not resumed, or the handshake failed.
    func forget(_ origin: SecureOrigin) {
        sessions.withLock { $0.forget(origin) }
        if let store = settings.sessionStore, let key = key(of: origin) { store.store(nil, for: key) }
    }

    /// However long names and settings are; nil without memory.
    private func key(of origin: SecureOrigin) -> String? {
        let text = Array("\(origin.authority)|\(settingsKey)".utf8)
        var digest = [UInt8](repeating: 0, count: 32)
        return fletch_tls_digest(text, text.count, &digest) ? Base64.encode(digest) : nil
    }

    /// What a session proves holds for these versions, authorities and this client alone.
    private static func key(of settings: TLSSettings) -> String {
        var parts = [settings.minimumVersion.rawValue, settings.maximumVersion.rawValue]
        if settings.verifiesPeer {
            let isOfSystem = settings.authorityFile == nil && settings.authorityDirectory == nil
            let paths = [settings.authorityFile, settings.authorityDirectory] + (isOfSystem ? pathsOfSystem : [])
            parts += ["verified"] + paths.map(identity)
        } else {
            parts.append("unverified")
        }
        parts += [settings.certificateFile, settings.keyFile].map(identity) + settings.pinnedPublicKeys
        return parts.joined(separator: "|")
    }

    /// What the environment names in place of the system's authorities.
    private static var pathsOfSystem: [String?] {
        let (file, directories) = (getenv("SSL_CERT_FILE"), getenv("SSL_CERT_DIR"))
        let list = directories.map { String(cString: $0).split(separator: ":").map(String.init) } ?? []
        return [file.map { String(cString: $0) }] + list
    }

    /// A file that has been replaced or changed is another one: a path does not tell.
    private static func identity(_ path: String?) -> String {
        var status = stat()
        guard let path, stat(path, &status) == 0 else { return path ?? "" }
        let changed = status.st_ctim
        return "\(status.st_dev):\(status.st_ino):\(changed.tv_sec).\(changed.tv_nsec)"
    }

    // MARK: Setting up

    private static func make(_ settings: TLSSettings) throws(FletchError) -> OpaquePointer {
        var problem = fletch_tls_no_problem
        var words = [CChar](repeating: 0, count: 256)
        let made = withTexts([
            settings.authorityFile, settings.authorityDirectory, settings.certificateFile, settings.keyFile,
        ]) { texts in
            var options = fletch_tls_options(
                verifies: settings.verifiesPeer, authority_file: texts[0], authority_directory: texts[1],
                certificate_file: texts[2], key_file: texts[3], minimum_version: settings.minimumVersion.number,
                maximum_version: settings.maximumVersion.number)
            return fletch_tls_context_new(&options, &problem, &words, words.count)
        }
        if let made { return made }
        throw error(problem, settings, text(words))
    }

    /// What a function in C has written.
    static func text(_ words: [CChar]) -> String {
        String(decoding: words.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func withTexts<Result>(_ texts: [String?], _ body: ([UnsafePointer<CChar>?]) -> Result) -> Result {
        let copies = texts.map { $0.flatMap { strdup($0) } }
        defer { for copy in copies { free(copy) } }
        return body(copies.map { $0.map { UnsafePointer($0) } })
    }

    private static func error(
        _ problem: fletch_tls_problem, _ settings: TLSSettings, _ words: String
    ) -> FletchError {
        switch problem {
        case fletch_tls_authority_problem:
            let path = settings.authorityFile ?? settings.authorityDirectory ?? "the system's place"
            return FletchError(
                .authorityFileUnusable, .notSent,
                "the authorities in \(path) cannot be used (\(words)): name a PEM file that can be read")
        case fletch_tls_certificate_problem:
            return FletchError(
                .clientCertificateUnusable, .notSent,
                "the client's certificate \(settings.certificateFile ?? "") or its key cannot be used (\(words)): name PEM "
                    + "files that belong together, the key without a passphrase")
        case fletch_tls_descriptors_problem: return noDescriptors(words)
        default:
            return FletchError(.tlsUnavailable, .notSent, "OpenSSL cannot be set up: \(words)")
        }
    }

    private static func noDescriptors(_ words: String) -> FletchError {
        FletchError(ExchangeFailure(.descriptorsExhausted, detail: words), .notSent)
    }

    private static func pin(_ pin: String) throws(FletchError) -> String {
        guard pin.hasPrefix("sha256//"), pin.utf8.count == 52, pin.hasSuffix("=") else {
            throw FletchError(
                .pinnedKeyMismatch, .notSent,
                "the pinned key \(pin) is none: write sha256// and the Base64 of the public key's SHA-256")
        }
        return String(pin.dropFirst(8))
    }
}

extension TLSVersion {
    fileprivate var number: Int32 {
        switch self {
        case .v1_2: 0x0303
        case .v1_3: 0x0304
        }
    }
}
