import FletchQueue
import Logging
import ServiceLifecycle

@testable import FletchServer

/// The server on a port of its own, shut down when the body ends.
enum TestServer {
    static func with(
        _ intercept: @escaping @Sendable (any JobStore) -> any JobStore = { $0 },
        readers: Readers = Readers(), writeLimit: Duration = .seconds(30), maximumConnectionCount: Int = 100,
        silenceLimit: Duration = .seconds(300), headLimit: Duration = .seconds(10), bodyLimit: Duration = .seconds(60),
        access: Access.Configuration = .init(),
        activity: ActivityHub = ActivityHub(maximumCount: 10),
        _ body: @escaping @Sendable (Int) async throws -> Void
    ) async throws {
        try await TestAPI.with(intercept, access: access, readers: readers, activity: activity) { api in
            let (ports, port) = AsyncStream.makeStream(of: Int.self)
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            var configuration = QueueServer.Configuration()
            configuration.host = "127.0.0.1"
            configuration.port = 0
            configuration.writeLimit = writeLimit
            configuration.maximumConnectionCount = maximumConnectionCount
            configuration.silenceLimit = silenceLimit
            configuration.headLimit = headLimit
            configuration.bodyLimit = bodyLimit
            let server = QueueServer(api.api, configuration: configuration, logger: logger) { port.yield($0 ?? 0) }
            let group = ServiceGroup(configuration: .init(services: [server], logger: logger))
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask {
                    defer { port.finish() }
                    try await group.run()
                }
                for await port in ports {
                    try await body(port)
                    break
                }
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
        }
    }
}
