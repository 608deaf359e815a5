/// Whose secret it is, and what for.
package struct SecretOwner: Hashable, Sendable {
    package enum Purpose: Hashable, Sendable {
        case token(TenantToken.Scope)
        /// Signing, as Standard Webhooks has it.
        case signing
    }

    package let tenant: String
    package let purpose: Purpose

    package init(_ tenant: String, _ purpose: Purpose) {
        self.tenant = tenant
        self.purpose = purpose
    }

    /// Different for different owners: a tenant's name has no line end.
    package var text: String {
        switch purpose {
        case .token(let scope): "token \(scope.rawValue)\n\(tenant)"
        case .signing: "signing secret\n\(tenant)"
        }
    }
}
