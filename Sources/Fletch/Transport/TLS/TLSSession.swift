import COpenSSL

/// A session that a server has offered to resume.
final class TLSSession: Sendable {
    /// OpenSSL does not change a session that was offered, and counts its references atomically.
    nonisolated(unsafe) let pointer: OpaquePointer

    /// Takes the session over.
    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    init?(encoded bytes: [UInt8]) {
        guard let pointer = fletch_tls_session_decode(bytes, bytes.count) else { return nil }
        self.pointer = pointer
    }

    deinit { fletch_tls_session_free(pointer) }

    var encoded: [UInt8] {
        let count = fletch_tls_session_encode(pointer, nil)
        return [UInt8](unsafeUninitializedCapacity: count) { space, written in
            written = min(count, fletch_tls_session_encode(pointer, space.baseAddress))
        }
    }

    /// In seconds after 1970.
    var end: Int { fletch_tls_session_end(pointer) }

    /// How much of a request may be sent along with the handshake.
    var earlyBytes: Int { Int(fletch_tls_session_early_bytes(pointer)) }
}
