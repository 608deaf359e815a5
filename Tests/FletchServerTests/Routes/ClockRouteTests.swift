import Fletch
import FletchQueue
import FletchQueueSQLite
import Foundation
import HTTPTypes
import Logging
import NIOCore
import Testing

@testable import FletchServer

/// The test clock, as clients move it.
@Suite(.timeLimit(.minutes(2))) struct ClockRouteTests {
    private static let advance = "/clock/advance"

    @Test func clockTellsItsTime() async throws {
        try await ClockedAPI.with { api in
            let answer = try await api.send(.get, "/clock")
            #expect(answer.status == 200)
            #expect(answer.fields[.contentType] == "application/json; charset=utf-8")
            #expect(answer.text == #"{"now":"2026-03-01T12:00:00.250Z"}"#)
        }
    }

    @Test func advanceAnswersWhenAllIsDeliveredThatHasBecomeDue() async throws {
        try await ClockedAPI.with { api in
            for delay in [604_800_000, 604_800_001] {
                #expect(try await api.send(.post, queue, #"{"delay":\#(delay)}"#).status == 201)
            }
            let answer = try await api.send(.post, Self.advance, #"{"by":604800000}"#)
            #expect(answer.status == 200)
            #expect(answer.text == #"{"now":"2026-03-08T12:00:00.250Z","delivered":1}"#)
            #expect(try await api.send(.get, "/clock").text == #"{"now":"2026-03-08T12:00:00.250Z"}"#)
            #expect(try await api.send(.get, "/queues/stats").json?[endpoint]?["count"] == .number(1))
        }
    }

    @Test(arguments: [
        (#"{"by":0}"#, "2026-03-01T12:00:00.250Z"), (#"{"by":0.25}"#, "2026-03-01T12:00:00.251Z"),
        (#"{"by":"1000"}"#, "2026-03-01T12:00:01.250Z"), (#"{"by":3153600000000}"#, "2126-02-05T12:00:00.250Z"),
    ])
    func numberIsTakenAsDelaysAre(_ body: String, _ now: String) async throws {
        try await ClockedAPI.with { api in
            let answer = try await api.send(.post, Self.advance, body)
            #expect(answer.text == #"{"now":"\#(now)","delivered":0}"#)
        }
    }

    @Test(arguments: [
        ("{}", "body must have required property 'by'"), (#"{"by":null}"#, "body must have required property 'by'"),
        ("[]", "body must be object"), (#"{"by":-1}"#, "body/by must be >= 0"),
        (#"{"by":3153600000001}"#, "body/by must be <= 3153600000000"), (#"{"by":"week"}"#, "body/by must be number"),
        (#"{"by":1,"to":2}"#, "body must NOT have additional properties: 'to'"),
    ])
    func whatIsNoAdvanceIsRefusedAndTheClockStands(_ body: String, _ message: String) async throws {
        try await ClockedAPI.with { api in
            let answer = try await api.send(.post, Self.advance, body)
            #expect(answer.isInvalid(message), "\(answer)")
            #expect(api.clock.now == TestAPI.now)
        }
    }

    @Test func advanceWithoutABodyIsRefused() async throws {
        try await ClockedAPI.with { api in
            let answer = try await api.send(.post, Self.advance)
            #expect(answer.isInvalid("body must be object"), "\(answer)")
        }
    }

    @Test(arguments: [(HTTPRequest.Method.get, "/clock"), (.post, "/clock/advance")])
    func withoutATestClockThereIsNoSuchRoute(_ method: HTTPRequest.Method, _ path: String) async throws {
        try await TestAPI.with { api in
            let answer = await api.send(method, path, method == .post ? #"{"by":1}"# : nil)
            let message = "Route \(method.rawValue):\(path) not found"
            #expect(answer.status == 404)
            #expect(answer.text == #"{"statusCode":404,"error":"Not Found","message":"\#(message)"}"#)
        }
    }

    @Test(arguments: [
        (HTTPRequest.Method.post, "/clock"), (.get, "/clock/advance"), (.put, "/clock/advance"), (.get, "/clock/"),
        (.post, "/clock/advance/"),
    ])
    func otherWaysToAskAreUnknown(_ method: HTTPRequest.Method, _ path: String) async throws {
        try await ClockedAPI.with { api in
            let answer = try await api.send(method, path, method == .get ? nil : #"{"by":1}"#)
            #expect(answer.status == 404)
            #expect(api.clock.now == TestAPI.now)
        }
    }

    @Test func pageOfAnotherOriginDoesNotMoveTheClock() async throws {
        try await ClockedAPI.with { api in
            let page: HTTPFields = [.origin: "https://evil.example"]
            let answer = try await api.send(.post, Self.advance, #"{"by":1}"#, fields: page)
            #expect(answer.status == 403)
            #expect(api.clock.now == TestAPI.now)
        }
    }

    @Test func advanceOfAServerThatShutsDownIsUnavailable() async throws {
        try await ClockedAPI.with { api in
            await api.dispatcher.drain()
            let answer = try await api.send(.post, Self.advance, #"{"by":1000}"#)
            #expect(answer.status == 503)
            #expect(answer.json?["code"] == .string("draining"))
            #expect(api.clock.now == TestAPI.now)
        }
    }

    /// The first delivery fails for this machine, and so do all others.
    @Test func advanceThatEndsEarlyIsAConflictAndTellsWhereTheClockStands() async throws {
        try await ClockedAPI.with(delivering: .notRun(.endpoint, mayHaveBeenSeen: false)) { api in
            _ = try await api.send(.post, queue, #"{"delay":1000}"#)
            let answer = try await api.send(.post, Self.advance, #"{"by":604800000}"#)
            #expect(answer.status == 409)
            #expect(answer.json?["code"] == .string("clock-advance-stuck"))
            let clock = try await api.send(.get, "/clock")
            guard case .string(let message)? = answer.message, case .string(let now)? = clock.json?["now"] else {
                Issue.record("\(answer), \(clock)")
                return
            }
            #expect(message.contains(now), "\(message)")
            #expect(now.hasPrefix("2026-03-01T12:"), "\(now)")
        }
    }

    @Test func answersAreAsTheyAreDocumented() async throws {
        try await ClockedAPI.with { api in
            let schemas = DocumentationTests.document?["components"]?["schemas"]
            for (name, answer) in [
                ("Clock", try await api.send(.get, "/clock")),
                ("Advance", try await api.send(.post, Self.advance, #"{"by":1}"#)),
            ] {
                let documented = DocumentationTests.members(schemas?[name]?["properties"]).map(\.name)
                #expect(!documented.isEmpty && DocumentationTests.members(answer.json).map(\.name) == documented)
            }
        }
    }
}

/// The API of a queue by a clock that stands still, whose jobs are delivered.
private struct ClockedAPI {
    let clock: TestQueueClock
    let dispatcher: Dispatcher
    private let api: QueueAPI

    private init(_ store: SQLiteJobStore, _ end: DeliveryEnd) {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        clock = TestQueueClock(at: TestAPI.now)
        dispatcher = Dispatcher(store: store, clock: clock, concurrency: 4, logger: logger) { _ in end }
        let hub = ActivityHub(maximumCount: 10)
        let registry = TenantRegistry(store, clock: clock)
        let access = Access(
            Access.Configuration(), registry: registry, meter: UsageMeter(store, logger: logger), clock: clock)
        let queue = JobQueue(store: store, dispatcher: dispatcher, clock: clock, activity: Activity(hub))
        api = QueueAPI(queue, access: access, activity: hub, logger: logger)
    }

    /// - Parameter end: How each delivery ends. Default: well.
    static func with(
        delivering end: DeliveryEnd = .ran(.succeeded), _ body: (ClockedAPI) async throws -> Void
    ) async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("fletch-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let store = try SQLiteJobStore(path: directory.appendingPathComponent("jobs.sqlite").path)
        let api = ClockedAPI(store, end)
        async let run = api.dispatcher.run(drainLimit: .seconds(60))
        do {
            try await body(api)
        } catch {
            await api.dispatcher.drain()
            throw error
        }
        await api.dispatcher.drain()
        _ = await run
        try store.close()
    }

    func send(
        _ method: HTTPRequest.Method, _ target: String, _ body: String? = nil, fields: HTTPFields = [:]
    ) async throws -> Answer {
        var request = APIRequest(method: method, target: target, fields: fields)
        request.host = "localhost"
        if let body {
            request.fields[.contentType] = "application/json"
            request.fields[.contentLength] = String(body.utf8.count)
            request.body = ByteBuffer(string: body)
        }
        return try await Answer.whole(api.response(to: request))
    }
}
