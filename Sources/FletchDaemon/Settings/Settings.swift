import Fletch
import FletchQueue
import FletchServer
import Logging

/// What `fletchd` runs by.
struct Settings: Sendable {
    var host = Setting("localhost")
    var port = Setting(9_181)
    var store = Setting(StoreLocation.sqlite("fletch.sqlite"))
    /// Deliveries to one origin at once.
    var concurrency = Setting(DeliveryLimits().concurrency)
    /// Deliveries at once, all together.
    var totalConcurrency = Setting(DeliveryLimits().totalConcurrency)
    /// Of the bodies of those.
    var totalBodyBytes = Setting(DeliveryLimits().totalBodyBytes)
    /// The operator's policies, by what they hold for.
    var policies = Setting<[String: Policy]>([:])
    /// Of clients of the API, at once.
    var maximumConnections = Setting(DescriptorBudget.usualConnectionCount)
    /// In seconds.
    var deliveryTimeout = Setting(30.0)
    /// In seconds.
    var drainTimeout = Setting(30.0)
    var logFormat = Setting(LogLineFormat.text)
    var logLevel = Setting(Logger.Level.info)
    /// nil for none.
    var maximumJobs = Setting<Int?>(nil)
    /// nil for none.
    var maximumBytes = Setting<Int?>(nil)
    /// nil for as many as a store keeps by itself.
    var maximumQueues = Setting<Int?>(nil)
    /// How long dead letters are kept.
    var deadLetterRetention = Setting(WrittenDuration(days: 14))
    /// Of a tenant; nil for as many as a store keeps by itself.
    var maximumDeadLetters = Setting<Int?>(nil)
    /// Of the bodies of all of them; nil for as many as a store keeps by itself.
    var maximumDeadLetterBytes = Setting<Int?>(nil)
    /// Of what is remembered for a tenant's idempotency keys; nil for as many as a store keeps by itself.
    var maximumIdempotencyBytes = Setting<Int?>(nil)
    /// nil for none.
    var proxy = Setting<ProxyLocation?>(nil)
    /// An endpoint at `localhost` is the container's host.
    var isInDocker = Setting(false)

    var passphrases = Setting(Passphrases())
    /// PEM or JWKS; nil for none.
    var jwtKey = Setting<String?>(nil)
    /// nil for the usual one.
    var requestLimit = Setting<Int?>(nil)
    var allowedOrigins = Setting<[String]>([])
    var allowedHosts = Setting<[String]>([])
    var trustedProxies = Setting<[AddressBlock]>([])
    /// Targets that may be called beside public ones, where not all may be.
    var allowedTargets = Setting<[AddressBlock]>([])
    /// Only public targets are called.
    var callsPublicTargetsOnly = Setting(false)
    /// PEM files for `https` deliveries: whom they trust, and whom they are from.
    var deliveryAuthority = Setting<String?>(nil)
    var deliveryCertificate = Setting<String?>(nil)
    var deliveryKey = Setting<String?>(nil)
    /// PEM files of the API itself; nil for HTTP.
    var tlsCertificate = Setting<String?>(nil)
    /// nil where it is in the certificate's file.
    var tlsKey = Setting<String?>(nil)
    /// What is to be said of the certificate.
    var certificateWarning: String?
    /// Anybody may ask, from anywhere.
    var isAnonymous = Setting(false)
    /// Time passes only where somebody says so.
    var hasTestClock = Setting(false)
    /// Seals tokens in the store.
    var vault = Setting(Vault())
    /// What they have been sealed with until now; for `reseal` alone.
    var oldVault = Setting(Vault())
    var signingKey = Setting<AsymmetricKey?>(nil)
    /// What deliveries are signed with where there are no tenants.
    var webhookSecrets = Setting<[WebhookSecret]>([])

    /// Is told of jobs that have failed for good; nil for nobody.
    var incidentReceiver = Setting<String?>(nil)
    var incidentPassphrase = Setting<String?>(nil)

    static let maximumRequestLimit = 1_000_000_000
    static let maximumQuota = 1_000_000_000_000
    /// In milliseconds: a hundred years.
    static let maximumRetention: Int64 = 36_500 * 86_400_000
    static let maximumConcurrency = 10_000
    /// No more than there can be descriptors.
    static let mostConnections = 1 << 20
    /// A day.
    static let maximumSeconds = 86_400.0

    /// How `https` deliveries are made, and whether anything of that was asked for.
    var deliveryTLS: (settings: TLSSettings, isChanged: Bool) {
        var settings = TLSSettings()
        settings.authorityFile = deliveryAuthority.value
        settings.certificateFile = deliveryCertificate.value
        settings.keyFile = deliveryKey.value
        return (settings, settings.authorityFile != nil || settings.certificateFile != nil)
    }

    /// How many clients somebody has asked for; nil for nobody.
    var wishedConnections: Int? { maximumConnections.source == .default ? nil : maximumConnections.value }

    /// Whether callers are not told apart.
    var isOpen: Bool { passphrases.value.isEmpty && jwtKey.value == nil }

    /// A name and a value for each, as they are shown. Of secrets only whether there are any.
    var lines: [(name: String, value: String, source: String)] {
        [
            ("host", host.value, "\(host.source)"),
            ("port", "\(port.value)", "\(port.source)"),
            ("store", "\(store.value)", "\(store.source)"),
            ("concurrency", "\(concurrency.value)", "\(concurrency.source)"),
            ("total-concurrency", "\(totalConcurrency.value)", "\(totalConcurrency.source)"),
            ("total-body-bytes", "\(totalBodyBytes.value)", "\(totalBodyBytes.source)"),
            ("connections", "\(maximumConnections.value)", "\(maximumConnections.source)"),
            ("delivery-timeout", "\(deliveryTimeout.value) s", "\(deliveryTimeout.source)"),
            ("drain-timeout", "\(drainTimeout.value) s", "\(drainTimeout.source)"),
            ("maximum-jobs", Self.text(maximumJobs.value), "\(maximumJobs.source)"),
            ("maximum-bytes", Self.text(maximumBytes.value), "\(maximumBytes.source)"),
            ("maximum-queues", "\(quotas.maximumQueueCount)", "\(maximumQueues.source)"),
            ("idempotency bytes", "\(quotas.maximumIdempotencyBytes)", "\(maximumIdempotencyBytes.source)"),
            ("dead letters", "\(quotas.maximumDeadLetterCount)", "\(maximumDeadLetters.source)"),
            ("dead-letter bytes", "\(quotas.maximumDeadLetterBytes)", "\(maximumDeadLetterBytes.source)"),
            ("dead-letter time", "\(deadLetterRetention.value)", "\(deadLetterRetention.source)"),
            ("policies", "\(policies.value.count)", "\(policies.source)"),
            ("proxy", proxy.value.map { "\($0)" } ?? "none", "\(proxy.source)"),
            ("log-format", logFormat.value.rawValue, "\(logFormat.source)"),
            ("log-level", "\(logLevel.value)", "\(logLevel.source)"),
            ("in docker", isInDocker.value ? "yes" : "no", "\(isInDocker.source)"),
            ("passphrases", "\(passphrases.value.count)", "\(passphrases.source)"),
            ("jwt-public-key", jwtKey.value == nil ? "none" : "set", "\(jwtKey.source)"),
            ("anonymous", isAnonymous.value ? "yes" : "no", "\(isAnonymous.source)"),
            ("test-clock", hasTestClock.value ? "yes" : "no", "\(hasTestClock.source)"),
            ("request-limit", requestLimitText, "\(requestLimit.source)"),
            ("allow-origin", Self.text(allowedOrigins.value), "\(allowedOrigins.source)"),
            ("allow-host", Self.text(allowedHosts.value), "\(allowedHosts.source)"),
            ("trusted-proxy", Self.text(trustedProxies.value), "\(trustedProxies.source)"),
            ("targets", targetsText, "\(callsPublicTargetsOnly.source)"),
            ("allow-target", Self.text(allowedTargets.value), "\(allowedTargets.source)"),
            ("delivery-cacert", deliveryAuthority.value ?? "the system's", "\(deliveryAuthority.source)"),
            ("delivery-cert", deliveryCertificate.value ?? "none", "\(deliveryCertificate.source)"),
            ("delivery-key", deliveryKey.value ?? "none", "\(deliveryKey.source)"),
            ("tls-cert", tlsCertificate.value ?? "none", "\(tlsCertificate.source)"),
            ("tls-key", tlsKey.value ?? "none", "\(tlsKey.source)"),
            ("encryption key", vault.value.keyID ?? "none", "\(vault.source)"),
            ("signing key", signingKey.value == nil ? "none" : "RSA", "\(signingKey.source)"),
            ("incident receiver", incidentReceiver.value == nil ? "none" : "set", "\(incidentReceiver.source)"),
            ("incident pass", incidentPassphrase.value == nil ? "none" : "set", "\(incidentPassphrase.source)"),
            ("webhook secrets", "\(webhookSecrets.value.count)", "\(webhookSecrets.source)"),
        ]
    }

    /// What each tenant may take up of the store.
    var quotas: Quotas {
        var quotas = Quotas()
        quotas.maximumJobCount = maximumJobs.value
        quotas.maximumBodyBytes = maximumBytes.value
        if let count = maximumQueues.value { quotas.maximumQueueCount = count }
        if let count = maximumDeadLetters.value { quotas.maximumDeadLetterCount = count }
        if let bytes = maximumDeadLetterBytes.value { quotas.maximumDeadLetterBytes = bytes }
        if let bytes = maximumIdempotencyBytes.value { quotas.maximumIdempotencyBytes = bytes }
        return quotas
    }

    private var requestLimitText: String {
        requestLimit.value.map { "\($0)/min" } ?? (isOpen ? "none" : "\(Access.usualRequestLimit)/min")
    }

    private var targetsText: String { callsPublicTargetsOnly.value ? "public" : "any" }

    private static func text(_ quota: Int?) -> String { quota.map(String.init) ?? "none" }

    private static func text(_ list: [some CustomStringConvertible]) -> String {
        list.isEmpty ? "none" : list.map(\.description).joined(separator: ",")
    }
}
