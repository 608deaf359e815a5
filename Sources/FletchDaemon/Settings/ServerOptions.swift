import ArgumentParser
import FletchServer

/// Flags of `fletchd`, each before its environment variable, and that before its default.
struct ServerOptions: ParsableArguments {
    @Option(help: "The address to listen at. (HOST, default: \(Settings().host.value); 0.0.0.0 in Docker)")
    var host: String?

    @Option(help: "The port; 0 lets the system choose. (PORT, default: \(Settings().port.value))")
    var port: Int?

    @Option(help: "Where jobs are kept. (default: \(Settings().store.value))")
    var store: String?

    @Option(help: "How many deliveries to one origin are under way at once. (default: \(Settings().concurrency.value))")
    var concurrency: Int?

    @Option(
        help: ArgumentHelp(
            """
            How many deliveries are under way at once, all together, as far as file descriptors allow. (default: \
            \(Settings().totalConcurrency.value))
            """, valueName: "count"))
    var totalConcurrency: Int?

    @Option(
        help: ArgumentHelp(
            "How many bytes their bodies and headers may have. (default: \(Settings().totalBodyBytes.value))",
            valueName: "bytes"))
    var totalBodyBytes: Int?

    @Option(
        help: ArgumentHelp(
            """
            How many clients may be connected at once, as far as file descriptors allow. (MAXIMUM_CONNECTIONS, default: \
            \(Settings().maximumConnections.value))
            """, valueName: "count"))
    var maximumConnections: Int?

    @Option(
        help: ArgumentHelp(
            "The longest that a delivery may take: 90s, 5m; or seconds. (default: \(Settings().deliveryTimeout.value))",
            valueName: "duration"))
    var deliveryTimeout: String?

    @Option(
        help: ArgumentHelp(
            """
            How long a shutdown waits for deliveries under way: 90s, 5m; or seconds. (default: \
            \(Settings().drainTimeout.value))
            """, valueName: "duration"))
    var drainTimeout: String?

    @Option(
        help: ArgumentHelp(
            "How many jobs a tenant may have that wait or run. (MAXIMUM_JOBS, default: any number)", valueName: "count")
    )
    var maximumJobs: String?

    @Option(
        help: ArgumentHelp(
            "How many bytes the bodies of those jobs may have together. (MAXIMUM_BYTES, default: any number)",
            valueName: "bytes"))
    var maximumBytes: String?

    @Option(
        help: ArgumentHelp(
            """
            How many queues of a tenant are remembered; beyond that empty ones are forgotten, the oldest first. \
            (MAXIMUM_QUEUES, default: \(Settings().quotas.maximumQueueCount))
            """, valueName: "count"))
    var maximumQueues: String?

    @Option(
        help: ArgumentHelp(
            """
            How many bytes a tenant's Idempotency-Keys of the last 24 hours may take up; beyond that new ones are refused. \
            (MAXIMUM_IDEMPOTENCY_BYTES, default: \(Settings().quotas.maximumIdempotencyBytes))
            """, valueName: "bytes"))
    var maximumIdempotencyBytes: String?

    @Option(
        help: ArgumentHelp(
            """
            How long dead letters are kept: 36h, 14d. (DEAD_LETTER_RETENTION, default: \
            \(Settings().deadLetterRetention.value))
            """, valueName: "duration"))
    var deadLetterRetention: String?

    @Option(
        help: ArgumentHelp(
            """
            How many dead letters of a tenant are kept; the oldest are dropped. (MAXIMUM_DEAD_LETTERS, default: \
            \(Settings().quotas.maximumDeadLetterCount))
            """, valueName: "count"))
    var maximumDeadLetters: String?

    @Option(
        help: ArgumentHelp(
            """
            How many bytes the bodies of all dead letters may have; the oldest are dropped. (MAXIMUM_DEAD_LETTER_BYTES, \
            default: \(Settings().quotas.maximumDeadLetterBytes))
            """, valueName: "bytes"))
    var maximumDeadLetterBytes: String?

    @Option(
        help: ArgumentHelp(
            "Policies that hold for all tenants: a JSON object of targets and policies. (default: none)",
            valueName: "file"))
    var policies: String?

    @Option(
        help: ArgumentHelp(
            """
            The HTTP proxy that deliveries go through. http_proxy does not count. (FLETCHD_PROXY keeps a password out of \
            the process list; default: none)
            """, valueName: "url"))
    var proxy: String?

    @Flag(help: "Serve everybody without authentication, although --host is not this machine alone.")
    var anonymous = false

    @Flag(
        help: """
            For tests of applications: time stands still until POST /clock/advance. Not with PASSPHRASES or JWT_PUBLIC_KEY. \
            (TEST_CLOCK=1)
            """)
    var testClock = false

    @Option(
        help: ArgumentHelp(
            """
            How many requests a caller may make in a minute. (REQUEST_LIMIT, default: \(Access.usualRequestLimit) with \
            PASSPHRASES or JWT_PUBLIC_KEY, else none)
            """, valueName: "count"))
    var requestLimit: Int?

    @Option(
        help: ArgumentHelp(
            """
            A web page's origin that may ask where no token is needed, and else with a passphrase; * for every one. May be \
            repeated. (ALLOW_ORIGIN, default: none)
            """, valueName: "origin"))
    var allowOrigin: [String] = []

    @Option(
        help: ArgumentHelp(
            "A name that this server is called by, where no token is needed. May be repeated. (ALLOW_HOST, default: none)",
            valueName: "name"))
    var allowHost: [String] = []

    @Option(
        help: ArgumentHelp(
            """
            Addresses of reverse proxies: limits count for those whom they ask for (Forwarded, X-Forwarded-For). May be \
            repeated. (TRUSTED_PROXY, default: none)
            """, valueName: "cidr"))
    var trustedProxy: [String] = []

    @Option(
        help: ArgumentHelp(
            """
            Addresses that jobs may call beside public ones, with PASSPHRASES, JWT_PUBLIC_KEY or ENABLE_SSRF_PREVENTION. May \
            be repeated. (ALLOW_TARGET, default: none)
            """, valueName: "cidr"))
    var allowTarget: [String] = []

    @Option(help: ArgumentHelp("Trust these authorities (PEM) in deliveries, not the system's.", valueName: "file"))
    var deliveryCacert: String?

    @Option(help: ArgumentHelp("The certificate (PEM) that deliveries show to endpoints.", valueName: "file"))
    var deliveryCert: String?

    @Option(help: ArgumentHelp("Its key (PEM). (default: in --delivery-cert)", valueName: "file"))
    var deliveryKey: String?

    @Option(
        help: ArgumentHelp(
            "The certificate (PEM, with its chain) to serve HTTPS with; read again when it changes. (TLS_CERT, default: HTTP)",
            valueName: "file"))
    var tlsCert: String?

    @Option(help: ArgumentHelp("Its key (PEM). (TLS_KEY, default: in --tls-cert)", valueName: "file"))
    var tlsKey: String?

    @Option(help: "The lines on standard error: text or json. (default: \(Settings().logFormat.value.rawValue))")
    var logFormat: String?

    @Option(help: "trace, debug, info, notice, warning, error or critical. (default: \(Settings().logLevel.value))")
    var logLevel: String?
}
