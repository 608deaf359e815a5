/// The certificates of the tests: one that is good, and one for each way of being bad.
enum Certificate: String, CaseIterable, Sendable {
    /// For `localhost`, `origin.test` and 127.0.0.1.
    case good
    /// The same with an RSA key.
    case rsa
    case expired
    case notYetValid
    /// For `other.test`.
    case wrongName
    /// For `*.a.test`, which `x.b.a.test` and `a.test` are not.
    case wildcard
    /// `localhost` as its common name, and no alternative names: not looked at (RFC 9525 §6.3).
    case commonName
    /// 127.0.0.1 as a DNS name, which an address is not (RFC 9525 §6.5).
    case addressAsName
    /// Of an authority that nobody has heard of.
    case unknownIssuer
    case selfSigned
    /// Good, but sent without the intermediate that signed it.
    case intermediateMissing
    /// For clients only.
    case wrongUsage
    /// What a client shows.
    case client

    enum Issuer: String { case intermediate, stranger, itself }

    var issuer: Issuer {
        switch self {
        case .unknownIssuer: .stranger
        case .selfSigned: .itself
        default: .intermediate
        }
    }

    var isSentWithItsIssuer: Bool { issuer == .intermediate && self != .intermediateMissing }

    /// As `openssl req -newkey` takes it.
    var keyAlgorithm: [String] {
        self == .rsa ? ["rsa:2048"] : ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    }

    /// As `openssl ca -startdate … -enddate …` takes it.
    var validity: (start: String, end: String) {
        switch self {
        case .expired: ("20200101000000Z", "20210101000000Z")
        case .notYetValid: ("20480101000000Z", "20490101000000Z")
        default: ("20200101000000Z", "20490101000000Z")
        }
    }

    var commonName: String { self == .commonName ? "localhost" : "\(rawValue) certificate" }

    /// A section of `openssl`'s configuration.
    var extensions: String {
        let names: String? =
            switch self {
            case .commonName: nil
            case .wrongName: "DNS:other.test"
            case .wildcard: "DNS:*.a.test"
            case .addressAsName: "DNS:127.0.0.1"
            default: "DNS:localhost, DNS:origin.test, IP:127.0.0.1"
            }
        return """
            [\(rawValue)]
            extendedKeyUsage = \(self == .wrongUsage || self == .client ? "clientAuth" : "serverAuth")
            \(names.map { "subjectAltName = \($0)" } ?? "")

            """
    }
}
