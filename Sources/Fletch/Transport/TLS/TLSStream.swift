import COpenSSL
import Glibc

/// One TLS connection on a connected socket: turns bytes into records and back. Confined to its loop's thread.
final class TLSStream {
    /// What a resumed handshake takes on the wire, in both directions.
    static let resumedHandshakeBytes = 1_300

    enum Step {
        case done
        case blocked
        case failed(ExchangeFailure)
    }

    private let tls: OpaquePointer
    private let context: TLSContext
    private let origin: SecureOrigin
    private var marks = RecordMarks()
    private var hasOfferedSession: Bool
    /// The last one that the peer has offered, and nobody has stored yet: it may offer any number.
    private var unkept: TLSSession?
    private var hasKeptSession = false
    /// How much of the first request may go out with the handshake.
    let earlyBytes: Int
    /// What the kernel has not taken: it has to be written once more just as it was.
    private(set) var blocked: [UInt8]?
    /// What ended the connection, beyond a number of the kernel's.
    private(set) var words: String?
    /// Whether the connection has ended without TLS's own end.
    private(set) var isCutOff = false

    /// - Returns: nil without memory.
    init?(_ context: TLSContext, _ origin: SecureOrigin, on socket: Socket) {
        self.context = context
        self.origin = origin
        let session = context.session(for: origin)
        hasOfferedSession = session != nil
        earlyBytes = session?.earlyBytes ?? 0
        guard
            let made = fletch_tls_new(
                context.pointer, socket.descriptor, origin.name, origin.isAddress, context.settings.verifiesPeer,
                session?.pointer, Self.takeSession)
        else { return nil }
        tls = made
        fletch_tls_set_owner(tls, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        keepLastSession()
        fletch_tls_free(tls)
    }

    private static let takeSession: @convention(c) (UnsafeMutableRawPointer?, OpaquePointer?) -> Void = {
        owner, session in
        guard let owner, let session else { return }
        let stream = Unmanaged<TLSStream>.fromOpaque(owner).takeUnretainedValue()
        // TLS 1.2 offers a new session before the handshake that did not resume the old one is over.
        stream.forgetUnresumed()
        let offered = TLSSession(session)
        stream.context.offered(offered, by: stream.origin)
        stream.unkept = offered
    }

    /// Stores a session before the connection ends, if that has not been done: it may last longer than the process.
    func keepSession() {
        guard !hasKeptSession, unkept != nil else { return }
        hasKeptSession = true
        keepLastSession()
    }

    private func keepLastSession() {
        guard let session = unkept else { return }
        unkept = nil
        context.keep(session, of: origin)
    }

    private func forgetUnresumed() {
        if hasOfferedSession, !fletch_tls_is_resumed(tls) { forgetOffered() }
    }

    /// The session that was offered is of no use, or may be why the handshake failed.
    func forgetOffered() {
        guard hasOfferedSession else { return }
        hasOfferedSession = false
        context.forget(origin)
    }

    // MARK: The handshake

    /// Goes on with it as far as what has arrived allows.
    func handshake() -> Step {
        let result = fletch_tls_handshake(tls)
        switch result {
        case 1: return verify()
        case Int32(fletch_tls_blocked): return .blocked
        default: return .failed(handshakeFailure(result))
        }
    }

    /// Sends bytes along with the beginning of the handshake.
    func writeEarly(_ bytes: UnsafeRawBufferPointer) -> Step {
        let result = fletch_tls_write_early(tls, bytes.baseAddress, bytes.count)
        if result == bytes.count { return .done }
        if result == fletch_tls_blocked { return .blocked }
        return .failed(handshakeFailure(Int32(clamping: result)))
    }

    private func verify() -> Step {
        forgetUnresumed()
        guard !context.pins.isEmpty else { return .done }
        var digest = [UInt8](repeating: 0, count: 32)
        guard fletch_tls_key_digest(tls, &digest) else {
            unkept = nil
            return .failed(ExchangeFailure(.pinnedKeyMismatch, detail: "\(origin.host) has shown no certificate"))
        }
        let key = Base64.encode(digest)
        if context.pins.contains(key) { return .done }
        unkept = nil
        return .failed(ExchangeFailure(.pinnedKeyMismatch, detail: "\(origin.host) has sha256//\(key)"))
    }

    private func handshakeFailure(_ result: Int32) -> ExchangeFailure {
        let number = errno
        unkept = nil
        if context.settings.verifiesPeer, let rejection = fletch_tls_rejection(tls) {
            // The authority's certificate may be there, and could not be read.
            if fletch_tls_lacks_authority(tls), OpenDescriptors.areExhausted {
                return ExchangeFailure(.descriptorsExhausted, errorNumber: EMFILE)
            }
            return ExchangeFailure(.certificateRejected, detail: "\(String(cString: rejection)), for \(origin.host)")
        }
        switch result {
        case Int32(fletch_tls_closed), Int32(fletch_tls_truncated):
            return ExchangeFailure(.tlsHandshakeFailed, detail: "the peer closed the connection")
        case _ where number != 0:
            return ExchangeFailure(
                .tlsHandshakeFailed, errorNumber: number, detail: String(cString: strerror(number)))
        default: return ExchangeFailure(.tlsHandshakeFailed, detail: Self.lastWords())
        }
    }

    // MARK: Bytes

    /// As much of `bytes` as one record holds, and the kernel takes.
    /// - Parameter offset: How many bytes of requests have been written before.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> SendProgress {
        let result = fletch_tls_write(tls, bytes.baseAddress, bytes.count)
        if result > 0 {
            blocked = nil
            note(requestEnd: offset + result)
            return .sent(result)
        }
        guard result == fletch_tls_blocked else { return .failed(failed(result)) }
        if blocked == nil { blocked = Array(bytes) }
        return .blocked
    }

    /// - Returns: A count, 0 at the end, or a negative `errno`; `EPROTO` where ``words`` tell more.
    func read(into space: UnsafeMutableRawBufferPointer) -> Int {
        let result = fletch_tls_read(tls, space.baseAddress, space.count)
        if result > 0 { return result }
        switch Int32(clamping: result) {
        case Int32(fletch_tls_blocked): return -Int(EAGAIN)
        case Int32(fletch_tls_closed): return 0
        default: return -Int(failed(result))
        }
    }

    private func failed(_ result: Int) -> Int32 {
        let number = errno
        if result == fletch_tls_truncated {
            isCutOff = true
            words = "the connection ended without TLS's own end"
        } else if number != 0 {
            return number
        } else {
            words = Self.lastWords()
        }
        return EPROTO
    }

    /// Tells the peer that nothing more is sent, as an orderly end has it.
    func notifyClose() { fletch_tls_notify_close(tls) }

    // MARK: What is known

    /// Everything up to `requestEnd` has been written.
    func note(requestEnd: Int) { marks.note(requestEnd: requestEnd, recordEnd: recordBytes) }

    /// Bytes of records that the kernel has taken.
    var recordBytes: UInt64 { fletch_tls_record_bytes(tls) }

    /// How many bytes of requests the peer's TCP has, where so many bytes are unacknowledged.
    func acknowledgedBytes(unacknowledged left: Int32) -> Int {
        marks.acknowledge(recordBytes: recordBytes, unacknowledged: left)
        return marks.acknowledgedBytes
    }

    var hasAcceptedEarly: Bool { fletch_tls_accepted_early(tls) }

    func security(_ earlyData: Security.EarlyData) -> Security {
        Security(
            version: fletch_tls_version(tls).map { String(cString: $0) } ?? "", isResumed: fletch_tls_is_resumed(tls),
            earlyData: earlyData)
    }

    private static func lastWords() -> String {
        var words = [CChar](repeating: 0, count: 256)
        fletch_tls_words(&words, words.count)
        return TLSContext.text(words)
    }
}
