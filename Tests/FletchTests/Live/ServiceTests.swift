import FletchService
import FletchTarget
import Logging
import MetricsTestKit
import ServiceLifecycle
import Testing

@testable import Fletch

/// What a server around the client sees of it.
@Suite(.timeLimit(.minutes(3))) struct ServiceTests {
    @Test func gracefulShutdownDrains() async throws {
        var origin = TargetConfiguration()
        origin.delay = .milliseconds(200)
        origin.onDisconnect = .abort
        try await withFletchTarget(origin) { target in
            let client = try FletchClient()
            let group = ServiceGroup(
                services: [client], logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
            async let running: Void = group.run()
            for number in 0..<20 { client.fire(FletchRequest(.post, "\(target.url)/\(number)")) }
            await group.triggerGracefulShutdown()
            try await running
            #expect(client.statistics.reachedCount == 20)
            #expect(client.statistics.parkedConnectionCount == 0)
            #expect(target.records().count { $0.work == .done } == 20)
        }
    }

    @Test func countersAreReportedWithBoundedLabels() async throws {
        let metrics = TestMetrics()
        let port = try RefusingPort()
        var configuration = Configuration()
        configuration.metrics = metrics
        configuration.retry = .never
        configuration.outboxCapacityBytes = 1_000
        try await withFletchTarget { target in
            let client = try FletchClient(configuration)
            for _ in 0..<5 { client.fire(FletchRequest(.post, target.url)) }
            client.fire(FletchRequest(.post, port.url))
            client.fire(FletchRequest(.post, target.url, body: .bytes(patternedBody(2_000))))
            #expect(await client.drain(within: patience) == .nothingLeft)
        }
        func total(_ label: String, _ dimensions: [(String, String)] = []) throws -> Int64 {
            try metrics.expectCounter(label, dimensions).totalValue
        }
        #expect(try total("fletch_requests_accepted") == 7)
        #expect(try total("fletch_requests_reached") == 5)
        #expect(try total("fletch_requests_failed", [("code", "connect-failed")]) == 1)
        #expect(try total("fletch_requests_dropped", [("reason", "request-too-large")]) == 1)
        #expect(try total("fletch_milestones", [("milestone", "written")]) == 5)
        #expect(try total("fletch_bytes", [("direction", "sent")]) > 100)
        #expect(try metrics.expectMeter("fletch_connections", [("state", "open")]).lastValue == 0)
    }

    @Test func logNamesOriginsAndCodesAndNothingThatARequestCarries() async throws {
        let lines = Lock<[String]>([])
        var logger = Logger(label: "test") { _ in Recorder(lines: lines) }
        logger.logLevel = .trace
        let port = try RefusingPort()
        var configuration = Configuration()
        configuration.logger = logger
        configuration.retry = .never
        let client = try FletchClient(configuration)
        for _ in 0..<10 {
            let url = "http://user:secret1@127.0.0.1:\(port.port)/secret2?token=secret3"
            client.fire(FletchRequest(.post, url, fields: [.authorization: "secret4"], body: .utf8("secret5")))
        }
        await client.drain(within: patience)
        let text = lines.withLock { $0.joined(separator: "\n") }
        #expect(text.contains("connect-failed"))
        #expect(text.contains("127.0.0.1:\(port.port)"))
        #expect(!text.contains("secret"))
    }

    private struct Recorder: LogHandler {
        let lines: Lock<[String]>
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
        }
    }
}
