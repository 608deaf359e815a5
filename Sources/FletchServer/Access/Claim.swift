/// Who a request says it is from, before anything is looked up.
enum Claim: Hashable, Sendable {
    /// Nothing is to be looked up.
    case known(Caller)
    /// Of the tenant that has this token, if there is one.
    case token(String)
    /// Of the tenant that this JWT names, if it is valid.
    case jwt(String)
    /// Nobody's.
    case refused
    /// Somebody who may be guessing a passphrase.
    case wrongPassphrase

    /// - Parameter countsUsage: Whether the operator wants the call to count as the tenant's.
    init(_ credentials: Credentials, _ proofs: Proofs, countsUsage: Bool) {
        if proofs.isOpen {
            self = .known(.anonymous)
            return
        }
        switch credentials {
        case .none, .unreadable: self = .refused
        case .bearer(let value) where proofs.hasKey && Self.isJWT(value): self = .jwt(value)
        // Without passphrases none could be revoked.
        case .bearer(let value): self = proofs.passphrases.isEmpty ? .refused : .token(value)
        case .basic(let user, let password):
            guard proofs.passphrases.contains(password) else {
                self = .wrongPassphrase
                return
            }
            guard !user.isEmpty else {
                self = .known(.admin)
                return
            }
            self = .known(.tenant(user, by: .impersonation(isCounted: countsUsage)))
        }
    }

    /// Three parts (RFC 7519 §3.1). Tokens have no dot.
    private static func isJWT(_ value: String) -> Bool { value.utf8.count { $0 == UInt8(ascii: ".") } == 2 }
}

/// What callers can show.
struct Proofs: Sendable {
    var passphrases = Passphrases()
    /// Whether there is a key to verify JWTs with.
    var hasKey = false

    /// Whether nobody is told from others.
    var isOpen: Bool { passphrases.isEmpty && !hasKey }
}
