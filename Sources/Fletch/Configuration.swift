public import CoreMetrics
public import Logging

/// How a ``FletchClient`` works. Nothing is required; each default suits a server that sends webhooks.
public struct Configuration: Sendable {
    /// What happens to a connection once the caller has its receipt. Default: ``Disposal/automatic``.
    public var disposal: Disposal = .automatic
    /// The longest a connection is held for its response after the receipt. Default: 60 seconds.
    public var parkLimit: Duration = .seconds(60)
    /// The longest that draining takes where no other limit is stated: as a service, and at the end of
    /// ``withFletchClient(_:drainingFor:isolation:_:)``. Default: 60 seconds, as ``parkLimit``.
    public var drainLimit: Duration = .seconds(60)
    /// How many body bytes of a response without a stated length are read before the connection is only held.
    /// Default: 65,536.
    public var discardBudgetBytes: Int = 65_536

    /// How many fired requests may have neither reached their milestone nor failed, retries included, in each event
    /// loop (``eventLoopCount``). At least 1. Default: 2,048.
    public var outboxCapacity: Int = 2_048
    /// How many bytes of memory they may hold: heads, and bodies that are not files. Default: 16 MiB.
    public var outboxCapacityBytes: Int = 16 << 20
    /// What happens when there is no room for a further one. Default: ``OverflowPolicy/dropNewest``.
    public var overflowPolicy: OverflowPolicy = .dropNewest
    /// The milestone that fired requests are to reach; ``Milestone/queued`` counts as ``Milestone/written``. What a
    /// server acknowledges and then does not read, because it ends, is noticed with ``Milestone/answered`` only.
    /// Default: ``Milestone/acknowledged``.
    public var fireMilestone: Milestone = .acknowledged
    /// When fired requests that failed are sent again. Default: ``RetryPolicy``'s defaults, three times.
    public var retry = RetryPolicy()
    /// After so many connections in a row that could not be made (refused, unreachable, deadline), an origin's fired
    /// requests are dropped with `circuitOpen`, but for one in every ``circuitPause`` and those that have been tried,
    /// until a connection succeeds. So a dead origin does not fill the outbox of the living. What is sent is not turned
    /// away. 0 for never. Default: 5.
    public var circuitFailureLimit: Int = 5
    /// How often a fired request may try an origin that could not be connected to; see ``circuitFailureLimit``.
    /// Default: 5 seconds.
    public var circuitPause: Duration = .seconds(5)
    /// Called once with the failure of each fired request that did not reach its milestone, dropped ones included: on a
    /// thread of the client's, or by `fire` itself where that drops the request. It must not block: no other request
    /// goes on meanwhile. Default: nobody.
    public var onFailure: (@Sendable (FletchError) -> Void)?

    /// Where the client logs to: failures of fired requests at `debug`, but for those that `fire` itself drops;
    /// circuits that open and close at `warning` and `notice`. Origins and codes only. Default: nowhere.
    public var logger: Logger?
    /// Where the client's counters go, once a second and whenever it comes to rest: `fletch_requests_accepted`,
    /// `_reached`, `_retried`, `_failed` by `code`, `_dropped` by `reason`; `fletch_milestones`; `fletch_bytes` by
    /// `direction`; `fletch_connections` by `state`. Default: what the program has set up with
    /// `MetricsSystem.bootstrap`.
    public var metrics: (any MetricsFactory)?

    /// The longest that resolving the name and making the connection, TLS included, may take. Default: 10 seconds.
    public var connectDeadline: Duration = .seconds(10)
    /// The longest the peer may take no further byte while some are left to send, or to acknowledge where the
    /// request waits for that. Default: 30 seconds.
    public var writeDeadline: Duration = .seconds(30)
    /// The longest from the last byte written to the complete head, where the request waits for the answer. A body
    /// to be kept may take as long again. Default: 60 seconds.
    public var answerDeadline: Duration = .seconds(60)
    /// The longest from the call to the milestone, retries included, for requests without their own. Default: none.
    public var deadline: Duration?

    /// The largest body that is accepted; a larger one fails with `bodyTooLarge`. Default: 1 GiB.
    public var maximumBodyBytes: Int = 1 << 30
    /// Connections of all origins together, in each event loop (``eventLoopCount``): under way, parked and idle. At the
    /// limit an idle one ends for the next; without one, requests wait until another ends, each origin in turn. Past three
    /// quarters of it, those to an origin with two that are parked wait for it, so that origins which do not end their
    /// answers leave some to the others. At least 1. Default: no limit but the process's descriptors. Where these, local ports or memory run out, requests wait in
    /// the same way as long as connections of the same event loop hold some (of ports: to the same origin); else they
    /// fail.
    public var maximumConnectionCount: Int = .max
    /// The longest a request waits for a connection to begin with, from the call; then it fails with
    /// `connectionWaitExceeded`. Default: none but its deadline.
    public var connectionWaitLimit: Duration?
    /// Connections per origin that are still under way; beyond it requests wait, in order. As many more may be idle. At
    /// least 1. Default: 64.
    public var maximumActiveConnectionCount: Int = 64
    /// Parked connections per origin; those beyond it count as active, so that a slow origin slows its own requests
    /// and nothing is cut off. Default: 1,024.
    public var maximumParkedConnectionCount: Int = 1_024

    /// Whether a connection whose response has been read whole, and is said to persist, serves the next request of its
    /// origin (RFC 9112 §9.3). Another disposal than ``Disposal/automatic``, or a `Connection: close` field of the
    /// request, ends the connection all the same. Default: true.
    public var reusesConnections: Bool = true
    /// Whether a request is sent again, once, that was lost to a connection which had served before: mostly because
    /// the server closed it at that moment. Only where nothing was heard of it and twice does no harm
    /// (``FletchRequest/isRepeatable``: an idempotent method, or an `Idempotency-Key`). And whether a request is sent
    /// again that the server wants in another form: a 417 without its `Expect: 100-continue`, a 425 after the handshake of
    /// TLS. Turn it off if every request that the server may have seen has to be counted. Default: true.
    public var resendsLostRequests: Bool = true
    /// How long a connection waits for its next request before it is reset. A request may be lost to a server that
    /// closes its idle connections sooner, and is sent again only where twice does no harm. Default: 30 seconds.
    public var idleLimit: Duration = .seconds(30)
    /// Requests that may be unanswered on one connection. Beyond 1, one that follows another is `unknown` when the
    /// connection ends before its answer and the answer before it has not said `Connection: close`, so RFC 9112 §9.3.2 advises against it behind requests that are not
    /// idempotent. Responses are then read whole while others wait behind them. At least 1; without
    /// ``reusesConnections`` it is 1. Default: 1.
    public var pipelineDepth: Int = 1

    /// How `https` connections are made. Default: ``TLSSettings``'s defaults.
    public var tls = TLSSettings()

    /// Threads that send. An origin belongs to one of them; each has an outbox of its own. At least 1. Default: 1.
    public var eventLoopCount: Int = 1
    /// Sends data in the first packet where the origin has allowed it before (RFC 7413), for idempotent methods
    /// only. A failure is then `unknown` sooner. Default: false.
    public var usesFastOpen: Bool = false
    /// Which proxy applies. Default: what the environment says.
    public var proxy: ProxySetting = .environment
    /// Which addresses of a name are tried. Default: both families (RFC 8305).
    public var addressFamily: AddressFamily = .any
    /// Which addresses may be connected to, so that URLs of strangers do not lead into this machine's network.
    /// Default: ``AddressPolicy/any``.
    public var addressPolicy: AddressPolicy = .any
    /// Addresses to use for a `host:port` in place of resolving it, as curl's `--resolve`. Default: none.
    public var addresses: [String: [String]] = [:]
    /// How long a resolved name is used again. Default: 30 seconds.
    public var nameLifetime: Duration = .seconds(30)
    /// How long one address is waited for before the next is tried beside it (RFC 8305 §5). Default: 250 ms.
    public var connectionAttemptDelay: Duration = .milliseconds(250)
    /// The `User-Agent` of requests that have none; nil sends none. Default: `fletch/` and the version.
    public var userAgent: String? = "fletch/\(fletchVersion)"

    /// The defaults.
    public init() {}
}

/// The version of the library and of its commands.
public let fletchVersion = "0.1.0"
