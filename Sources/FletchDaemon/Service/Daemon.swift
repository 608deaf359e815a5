import Fletch
import FletchQueue
import FletchQueueSQLite
import FletchServer
import Logging
import ServiceLifecycle

/// The server, the dispatcher and the client, from start to end.
struct Daemon: Service {
    private let settings: Settings
    private let store: SQLiteJobStore
    private let client: FletchClient
    private let dispatcher: Dispatcher
    private let server: QueueServer
    private let logger: Logger

    /// - Parameter onListening: Told the port that it listens at.
    /// - Throws: ``StoreError``, ``FletchError``.
    init(_ settings: Settings, logger: Logger, onListening: @escaping @Sendable (Int) -> Void) throws {
        self.settings = settings
        self.logger = logger
        store = try Self.open(settings.store.value)
        let clock = SystemQueueClock()
        let concurrency = settings.concurrency.value
        client = try FletchClient(Deliverer.configuration(concurrency: concurrency, logger: logger))
        let deliverer = Deliverer(
            client: client, clock: clock, timeout: .seconds(settings.deliveryTimeout.value),
            isInDocker: settings.isInDocker.value, logger: logger)
        dispatcher = Dispatcher(
            store: store, clock: clock, concurrency: concurrency, logger: logger, delivery: deliverer.deliver)
        var configuration = QueueServer.Configuration()
        configuration.host = settings.host.value
        configuration.port = settings.port.value
        let queue = JobQueue(store: store, dispatcher: dispatcher, clock: clock)
        server = QueueServer(QueueAPI(queue, logger: logger), configuration: configuration, logger: logger) { port in
            onListening(port ?? settings.port.value)
        }
    }

    /// Works until graceful shutdown: then takes no more requests and leases no more jobs, and ends what is under way.
    func run() async throws {
        let drainLimit = Duration.seconds(settings.drainTimeout.value)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            group.addTask {
                await withGracefulShutdownHandler {
                    let count = await dispatcher.run(drainLimit: drainLimit)
                    if count > 0 { logger.notice("handed back what was under way", metadata: ["jobs": "\(count)"]) }
                } onGracefulShutdown: {
                    Task { await dispatcher.drain() }
                }
            }
            // Where one ends before it is told to, the others end with it.
            do {
                try await group.next()
                try await group.waitForAll()
            } catch {
                await dispatcher.drain()
                throw error
            }
        }
        await client.drain(within: .seconds(1))
        try store.close()
    }

    private static func open(_ location: StoreLocation) throws(StoreError) -> SQLiteJobStore {
        switch location {
        case .sqlite(let path): try SQLiteJobStore(path: path)
        }
    }
}
