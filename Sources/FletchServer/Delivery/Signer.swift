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
    func fields(for job: LeasedJob, at now: Timestamp) async throws -> HTTPFields {
        let keys = try await registry?.signingKeys(of: job.job.key.queue.tenant) ?? ownKeys
        let body = job.job.body
        var fields = HTTPFields()
        fields[.quirrelSignature] =
            try asymmetricKey?.quirrelSignature(of: body, at: now) ?? keys.quirrelSignature(of: body, at: now)
        if let signature = keys.webhookSignature(id: job.idempotencyKey, of: body, at: now) {
            fields[.webhookID] = job.idempotencyKey
            fields[.webhookTimestamp] = String(now.milliseconds / 1_000)
            fields[.webhookSignature] = signature
        }
        return fields
    }
}

extension HTTPField.Name {
    static let quirrelSignature = named("x-quirrel-signature")
    // Standard Webhooks 1.0.
    static let webhookID = named("webhook-id")
    static let webhookTimestamp = named("webhook-timestamp")
    static let webhookSignature = named("webhook-signature")
}
