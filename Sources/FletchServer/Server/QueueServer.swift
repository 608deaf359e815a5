import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import Logging
import NIOCore
import ServiceLifecycle

/// Serves a queue's API over HTTP/1.1, until graceful shutdown.
///
/// A good origin for clients that do not wait for answers: a client may shut down its sending side and still gets its
/// answer, and a request that has arrived is completed though its client has gone.
package struct QueueServer: Service {
    package struct Configuration: Sendable {
        /// A name or an address to listen at; see ``ListeningHosts``. Default: every address.
        package var host = "0.0.0.0"
        /// Default: 9181. With 0 the system chooses.
        package var port = 9181
        /// How many connections there are at once, at most, over all addresses. Default: 4,096.
        package var maximumConnectionCount = 4_096
        /// After so long without a request a connection is closed. Default: 72 seconds, as Fastify.
        package var idleLimit = Duration.seconds(72)
        /// So long a client may take for a request line and its fields, from their first byte. Default: 10 seconds.
        package var headLimit = Duration.seconds(10)
        /// So long a client may take for a body, or longer if it comes at 1 KiB a second or more. Default: a minute.
        package var bodyLimit = Duration.seconds(60)
        /// So long a client may take for a piece of 64 KiB of its answer. Default: 30 seconds.
        package var writeLimit = Duration.seconds(30)

        /// A connection that has never said anything may give way to another after so long. Default: 50 milliseconds.
        package var silenceLimit = Duration.milliseconds(50)

        /// For HTTPS. Default: none, for HTTP.
        package var certificates: Certificates?

        package init() {}
    }

    private let api: QueueAPI
    private let configuration: Configuration
    private let logger: Logger
    private let onListening: @Sendable (Int?) async -> Void

    /// - Parameter onListening: Told the port once connections are accepted.
    package init(
        _ api: QueueAPI, configuration: Configuration = Configuration(), logger: Logger,
        onListening: @escaping @Sendable (Int?) async -> Void = { _ in }
    ) {
        self.api = api
        self.configuration = configuration
        self.logger = Self.quieter(logger)
        self.onListening = onListening
    }

    /// Its caller says that it listens.
    private static func quieter(_ logger: Logger) -> Logger {
        var logger = logger
        if logger.logLevel == .info { logger.logLevel = .notice }
        return logger
    }

    /// Returns once it is told to shut down and what had been asked has been answered. Throws where it cannot listen.
    package func run() async throws {
        // Before connections come: two event loops that made the first ones at the same moment have crashed in Swift's runtime,
        // as it looked up the generic types (6.3.1, once in a thousand starts of a debug build).
        _ = HTTPCodec()
        let limit = ConnectionLimit(configuration.maximumConnectionCount)
        try await withThrowingTaskGroup(of: Void.self) { group in
            var port: Int?
            var isListening = true
            for address in ListeningHosts.addresses(of: configuration.host) {
                let (ports, listening) = AsyncStream.makeStream(of: Int.self)
                // All have the port that the first one got.
                let wanted = port ?? configuration.port
                let application = try application(at: address, port: wanted, limit) { listening.yield($0 ?? wanted) }
                let isDispensable = port != nil && configuration.port == 0
                group.addTask {
                    defer { listening.finish() }
                    do {
                        try await application.run()
                    } catch  where isDispensable {
                        // Nobody has asked for this very port.
                        logger.notice("not listening", metadata: ["address": "\(address)", "reason": "\(error)"])
                    }
                }
                if let actual = await ports.first(where: { _ in true }) {
                    port = actual
                } else if !isDispensable {
                    // It says why, or has been told to shut down.
                    isListening = false
                    break
                }
            }
            if isListening { await onListening(port) }
            // Where one ends for an error the others end with it.
            while try await group.next() != nil {}
        }
    }

    private func application(
        at host: String, port: Int, _ limit: ConnectionLimit, _ onListening: @escaping @Sendable (Int?) -> Void
    ) throws -> Application<QueueResponder> {
        var times = ConnectionTimes()
        times.idle = TimeAmount(configuration.idleLimit)
        times.head = TimeAmount(configuration.headLimit)
        times.body = TimeAmount(configuration.bodyLimit)
        times.stall = TimeAmount(configuration.writeLimit)
        times.silence = TimeAmount(configuration.silenceLimit)
        return Application(
            responder: QueueResponder(api: api),
            server: try server(limit, times),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port), backlog: Self.backlog,
                availableConnectionsDelegate: AcceptCount(limit: limit)),
            onServerRunning: { [logger] channel in
                try? await channel.eventLoop.submit {
                    try channel.syncOptions?.setOption(.maxMessagesPerRead, value: 1)
                    try channel.pipeline.syncOperations.addHandler(AcceptGate(limit, logger: logger), position: .first)
                }.get()
                onListening(channel.localAddress?.port)
            }, logger: logger)
    }

    private func server(_ limit: ConnectionLimit, _ times: ConnectionTimes) throws -> HTTPServerBuilder {
        let certificates = configuration.certificates
        let plain = HTTPServerBuilder { responder in
            APIChannel(responder: responder, limit: limit, times: times, isSecure: certificates != nil)
        }
        return try certificates.map { try .tls(plain, tlsConfiguration: $0.configuration) } ?? plain
    }

    /// The kernel caps it at its own limit.
    private static let backlog = 4_096
}
