internal import FletchQueue

/// Who asks, and what that one may do.
enum Caller: Hashable, Sendable {
    /// Anybody, where there is no authentication.
    case anonymous
    case tenant(String, by: Proof)
    /// Who knows a passphrase and names no tenant: reads those of all.
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
        case (_, .anonymous), (.enqueue, .tenant), (.read, .admin): .allowed
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

    /// The tenant whose usage the call adds to; nil for none.
    var meteredTenant: String? {
        switch self {
        case .tenant(_, by: .impersonation(isCounted: false)), .anonymous, .admin: nil
        case .tenant(let id, _): id
        }
    }
}
