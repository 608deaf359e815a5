/// How a ``FletchTarget`` listens and behaves.
public struct TargetConfiguration: Sendable, Hashable {
    /// The address to listen on. Default: 127.0.0.1.
    public var host: String = "127.0.0.1"
    /// The port to listen on; 0 lets the system choose. Default: 0.
    public var port: Int = 0
    /// The Unix socket to listen on in place of host and port; an old one at that path is replaced. Default: none.
    public var unixSocketPath: String?
    /// The listener's receive buffer (`SO_RCVBUF`), which its connections inherit. Default: the system's.
    public var receiveBufferBytes: Int?

    /// How long the work of a request takes. Default: no time.
    public var delay: Duration = .zero
    /// What the target does with a request. Default: ``Behavior/answer``.
    public var behavior: Behavior = .answer
    /// What becomes of the work when the client leaves before it is done. Default: ``DisconnectPolicy/finish``.
    public var onDisconnect: DisconnectPolicy = .finish

    /// The status of the final response. Default: 200.
    public var status: Int = 200
    /// The size of the response body. Default: 4.
    public var bodyBytes: Int = 4
    /// The size that the final response's head is padded to; a smaller number leaves it as it is. Default: 0.
    public var headBytes: Int = 0
    /// Whether the response body is sent chunked, without telling its length beforehand. Default: false.
    public var isChunked: Bool = false
    /// The time between two bytes of a ``Behavior/trickle`` response. Default: 100 ms.
    public var trickleInterval: Duration = .milliseconds(100)

    /// How many requests are remembered; the oldest are forgotten first. Default: 10,000.
    public var maximumRecordCount: Int = 10_000

    /// The defaults.
    public init() {}
}
