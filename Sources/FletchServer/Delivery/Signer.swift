internal import FletchQueue
import HTTPTypes

/// Signs deliveries, so that their receivers know that they come from here.
package struct Signer: Sendable {
    private let registry: TenantRegistry?
    private let ownKeys: SigningKeys
    private let asymmetricKey: AsymmetricKey?

    /// - Parameters:
    ///   - registry: Knows the tenants' keys; nil where there are no tenants.
    ///   - ownSecrets: Of the operator, for deliveries of no tenant.
    ///   - asymmetricKey: Takes the place of tenants' tokens.
    package init(
        _ registry: TenantRegistry? = nil, ownSecrets: [WebhookSecret] = [], asymmetricKey: AsymmetricKey? = nil
    ) {
        self.registry = registry
        ownKeys = SigningKeys(ownSecrets)
        self.asymmetricKey = asymmetricKey
    }

    /// What a delivery carries, signed anew for each attempt.
    func fields(for job: LeasedJob, at now: Timestamp) async throws -> [HTTPField] {
        let keys = try await keys(of: job.job.key.queue.tenant)
        let body = job.job.body
        var fields: [HTTPField] = []
        if let signature = try asymmetricKey?.quirrelSignature(of: body, at: now)
            ?? keys.quirrelSignature(of: body, at: now)
        {
            fields.append(HTTPField(name: .quirrelSignature, value: signature))
        }
        guard keys.hasSecrets else { return fields }
        let id = job.idempotencyKey
        if let signature = keys.webhookSignature(id: id, of: body, at: now) {
            fields.append(HTTPField(name: .webhookID, value: id))
            fields.append(HTTPField(name: .webhookTimestamp, value: String(now.milliseconds / 1_000)))
            fields.append(HTTPField(name: .webhookSignature, value: signature))
        }
        return fields
    }

    private func keys(of tenant: String) async throws -> SigningKeys {
        guard let registry else { return ownKeys }
        if let known = registry.knownSigningKeys(of: tenant) { return known }
        return try await registry.signingKeys(of: tenant)
    }
}

extension HTTPField.Name {
    static let quirrelSignature = named("x-quirrel-signature")
    // Standard Webhooks 1.0.
    static let webhookID = named("webhook-id")
    static let webhookTimestamp = named("webhook-timestamp")
    static let webhookSignature = named("webhook-signature")
}
