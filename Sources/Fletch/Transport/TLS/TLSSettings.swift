/// How `https` connections are made, and whom they trust.
///
/// OpenSSL 3 (`libssl.so.3`) is loaded when the first `https` request is sent; where it is missing, that request fails with
/// `tlsUnavailable`.
public struct TLSSettings: Sendable {
    /// Whether the server's certificate has to be valid for the host's name (RFC 9525), and signed by an authority that is
    /// trusted. Without it anybody on the way may read and change everything. Default: true.
    public var verifiesPeer: Bool = true
    /// A PEM file of authorities to trust, in place of the system's. Default: none.
    public var authorityFile: String?
    /// A directory of authorities to trust, hashed by `openssl rehash`, in place of the system's. Default: none; the
    /// system's is read only as far as it is needed. `SSL_CERT_FILE` and `SSL_CERT_DIR` (directories with colons between
    /// them) name others in place of all of the system's.
    public var authorityDirectory: String?
    /// A PEM file with the client's certificate and those between it and its authority. Default: none.
    public var certificateFile: String?
    /// The PEM file of its key, without a passphrase. Default: ``certificateFile``.
    public var keyFile: String?
    /// Default: TLS 1.2.
    public var minimumVersion: TLSVersion = .v1_2
    /// Default: TLS 1.3.
    public var maximumVersion: TLSVersion = .v1_3
    /// The servers' public keys that are accepted, each `sha256//` and the Base64 of the key's SHA-256 (as curl's
    /// `--pinnedpubkey`), beside all other checks; empty for any. Default: empty.
    public var pinnedPublicKeys: [String] = []
    /// Whether sessions are resumed, which saves a certificate's 3 to 5 KB and its verification. Default: true.
    public var resumesSessions: Bool = true
    /// Where sessions are kept beyond the life of the client. Default: nowhere.
    public var sessionStore: (any TLSSessionStore)?
    /// Whether a request with an idempotent method is sent along with the first packet of a resumed session (0-RTT, RFC
    /// 8446 §2.3). Whoever records it can send it to the server once more. Where the server refuses it, or answers 425 (RFC
    /// 8470), it is sent once more after the handshake. A failure is `unknown` sooner. Default: false.
    public var usesEarlyData: Bool = false

    /// The defaults.
    public init() {}
}

/// A version of TLS.
public enum TLSVersion: String, Sendable, Hashable, CaseIterable {
    /// RFC 5246.
    case v1_2 = "TLSv1.2"
    /// RFC 8446.
    case v1_3 = "TLSv1.3"
}
