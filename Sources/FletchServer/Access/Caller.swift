internal import FletchQueue

/// Who asks, and what that one may do.
enum Caller: Hashable, Sendable {
    /// Anybody, where nobody is told from others.
    case anonymous
    case tenant(String, by: Proof)
    /// Who knows a passphrase and names no tenant.
    case admin

    /// What shows that it is the tenant.
    enum Proof: Hashable, Sendable {
        case token(TenantToken.Scope)
        case jwt
        /// A passphrase, with the tenant as the user name.
        /// - Parameter isCounted: Whether the call counts as the tenant's.
        case impersonation(isCounted: Bool)
    }

    /// What becomes of a request.
    enum Verdict: Hashable {
        case allowed
        /// 401
        case unauthenticated
        /// 403
        case forbidden
        /// 400: a tenant has to be named.
        case tenantNeeded
    }

    func verdict(on right: Right) -> Verdict {
        switch (right, self) {
        case (.none, _): .allowed
        case (.administer, .admin), (.administer, .tenant(_, by: .impersonation)): .allowed
        case (.administer, _), (.rotate, .anonymous): .unauthenticated
        case (_, .anonymous), (.enqueue, .tenant): .allowed
        case (_, .tenant(_, by: .token(.enqueue))): .forbidden
        case (_, .tenant): .allowed
        case (_, .admin): .tenantNeeded
        }
    }

    /// Whose jobs are meant; nil where nobody is named.
    var tenant: String? {
        switch self {
        case .anonymous: "anonymous"
        case .tenant(let id, _): id
        case .admin: nil
        }
    }

    /// What is counted as one when requests are limited: whatever the tenant's proof is, but an operator in its name.
    var counted: Caller {
        switch self {
        case .tenant(_, by: .impersonation), .anonymous, .admin: self
        case .tenant(let id, _): .tenant(id, by: .token(.all))
        }
    }

    /// Whose call it is; nil where it is not counted.
    var countedTenant: String? {
        switch self {
        case .tenant(_, by: .impersonation(isCounted: false)), .anonymous, .admin: nil
        case .tenant(let id, _): id
        }
    }
}
