import Hummingbird
package import Logging
import NIOCore
import ServiceLifecycle

/// Serves a queue's API over HTTP/1.1, until graceful shutdown.
///
/// A good origin for whoever does not wait for answers: a client may shut down its sending side and still gets its
/// answer, and a request that has arrived is completed though its client has gone.
package struct QueueServer: Service {
    package struct Configuration: Sendable {
        /// A name or an address to listen at. Default: every address.
        package var host = "0.0.0.0"
        /// Default: 9181. With 0 the system chooses.
        package var port = 9181
        /// How many connections there are at once, at most. Default: 4,096.
        package var maximumConnectionCount = 4_096
        /// After so long without a request a connection is closed. Default: 72 seconds, as Fastify.
        package var idleLimit = Duration.seconds(72)

        package init() {}
    }

    private let application: Application<QueueResponder>

    /// - Parameter onListening: Told the port once connections are accepted.
    package init(
        _ api: QueueAPI, configuration: Configuration = Configuration(), logger: Logger,
        onListening: @escaping @Sendable (Int?) async -> Void = { _ in }
    ) {
        application = Application(
            responder: QueueResponder(api: api),
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [ContinueHandler()], idleTimeout: TimeAmount(configuration.idleLimit))),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port), backlog: Self.backlog),
            onServerRunning: { await onListening($0.localAddress?.port) }, logger: Self.quieter(logger))
    }

    /// That it listens is said by whoever is told so.
    private static func quieter(_ logger: Logger) -> Logger {
        var logger = logger
        if logger.logLevel == .info { logger.logLevel = .notice }
        return logger
    }

    /// Returns once it is told to shut down and what had been asked has been answered. Throws where it cannot listen.
    package func run() async throws { try await application.run() }

    /// The kernel caps it at its own limit.
    private static let backlog = 4_096
}
