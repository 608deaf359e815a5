/// Whose policy states a rate, and for what.
package struct RateKey: Hashable, Sendable {
    private let owner: Bytewise
    private let named: Bytewise

    /// - Parameter tenant: nil for the operator.
    package init(tenant: String?, target: String) {
        owner = Bytewise(tenant ?? "")
        named = Bytewise(target)
    }

    /// nil for the operator.
    package var tenant: String? { owner.text.isEmpty ? nil : owner.text }
    package var target: String { named.text }
}
