import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix

/// A scripted origin: it behaves as ``TargetConfiguration`` says and records what arrived and how each client left.
///
/// `GET /_fletch/requests` answers the records as JSON, `DELETE` forgets them; neither is recorded.
public final class FletchTarget: Sendable {
    /// The port it listens on; 0 on a Unix socket.
    public let port: Int
    /// Where it listens, without a path; on a Unix socket `http://localhost`.
    public let url: String
    private let listener: any Channel
    private let log: RequestLog
    private let connections: OpenConnections

    private init(_ listener: any Channel, _ host: String, _ log: RequestLog, _ connections: OpenConnections) {
        self.listener = listener
        self.log = log
        self.connections = connections
        port = listener.localAddress?.port ?? 0
        let name = host.contains(":") ? "[\(host)]" : host
        url = port == 0 ? "http://localhost" : "http://\(name):\(port)"
    }

    /// Listens, and returns once connections are accepted.
    /// - Parameter report: Called with each record, once: when its work is over and its client has left, or a quarter
    ///   of a second after its response. On any thread. Default: nobody.
    /// - Throws: NIO's `IOError` where it cannot listen.
    public static func start(
        _ configuration: TargetConfiguration = TargetConfiguration(),
        report: (@Sendable (RequestRecord) -> Void)? = nil
    ) async throws -> FletchTarget {
        let log = RequestLog(maximumCount: configuration.maximumRecordCount, report: report)
        let connections = OpenConnections()
        let bootstrap = bootstrap(configuration, log, connections)
        let listener =
            if let path = configuration.unixSocketPath {
                try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
            } else {
                try await bootstrap.serverChannelOption(fastOpen, value: 128)
                    .bind(host: configuration.host, port: configuration.port).get()
            }
        return FletchTarget(listener, configuration.host, log, connections)
    }

    /// What it has seen so far, in the order of arrival.
    public func records() -> [RequestRecord] { log.records }

    /// Forgets what it has seen.
    public func clear() { log.clear() }

    /// Waits until the records meet a condition, and returns them; also when `limit` has passed, so that what is
    /// missing can be shown.
    public func waitForRecords(
        within limit: Duration = .seconds(20), where isMet: @escaping @Sendable ([RequestRecord]) -> Bool
    ) async -> [RequestRecord] {
        await withCheckedContinuation { continuation in
            let giveUp = log.wait(until: isMet) { continuation.resume(returning: $0) }
            listener.eventLoop.scheduleTask(in: TimeAmount(limit), giveUp)
        }
    }

    /// Connections that are open now.
    public var openConnectionCount: Int { connections.count }

    /// Closes the listener and every connection.
    public func stop() async {
        try? await listener.close()
        await connections.closeAll()
    }

    private static func bootstrap(
        _ configuration: TargetConfiguration, _ log: RequestLog, _ connections: OpenConnections
    ) -> ServerBootstrap {
        // Two event loops that build a generic type for the first time, at the same moment, may crash Swift 6.3's runtime.
        _ = ByteToMessageHandler(HTTPRequestDecoder())
        var bootstrap = ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.backlog, value: 4_096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // A client that half-closes is answered all the same.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                connections.add(channel)
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)),
                        TargetHandler(configuration, log),
                    ])
                }
            }
        if configuration.unixSocketPath == nil {
            bootstrap = bootstrap.childChannelOption(.socketOption(.tcp_nodelay), value: 1)
        }
        if let bytes = configuration.receiveBufferBytes {
            bootstrap = bootstrap.serverChannelOption(
                .socketOption(.so_rcvbuf), value: SocketOptionValue(bytes))
        }
        return bootstrap
    }

    /// `TCP_FASTOPEN` of `linux/tcp.h`: how many connections may carry data in their first packet at a time.
    private static let fastOpen = ChannelOptions.Types.SocketOption(level: 6, name: 23)
}

/// Runs `body` with a target, and stops the target before it returns.
/// - Parameters:
///   - configuration: Default: answers at once, with 200 and four bytes.
///   - isolation: Where `body` runs. Default: the caller's isolation.
///   - body: What to do with the target.
/// - Throws: NIO's `IOError` where the target cannot listen; what `body` throws.
public func withFletchTarget<Result>(
    _ configuration: TargetConfiguration = TargetConfiguration(),
    isolation: isolated (any Actor)? = #isolation, _ body: (FletchTarget) async throws -> Result
) async throws -> Result {
    let target = try await FletchTarget.start(configuration)
    do {
        let result = try await body(target)
        await target.stop()
        return result
    } catch {
        await target.stop()
        throw error
    }
}

/// The connections of a target that are open.
final class OpenConnections: Sendable {
    private let channels = NIOLockedValueBox<[ObjectIdentifier: any Channel]>([:])

    var count: Int { channels.withLockedValue(\.count) }

    func add(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        channels.withLockedValue { $0[id] = channel }
        channel.closeFuture.whenComplete { [channels] _ in channels.withLockedValue { $0[id] = nil } }
    }

    func closeAll() async {
        for channel in channels.withLockedValue({ Array($0.values) }) {
            channel.close(promise: nil)
            try? await channel.closeFuture.get()
        }
    }
}
