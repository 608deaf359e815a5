import FletchQueue
import FletchQueueSQLite
import Foundation
import HTTPTypes
import Logging
import NIOCore
import Testing

@testable import FletchServer

/// The API of a new queue that nothing is delivered from, asked without a socket.
struct TestAPI {
    let store: any JobStore
    let api: QueueAPI
    let registry: TenantRegistry
    let meter: UsageMeter
    let activity: ActivityHub
    /// What the minutes of limits are counted by.
    let limitClock: MovableInstant

    /// 2026-03-01T12:00:00.250Z
    static let now = Timestamp(milliseconds: 1_772_366_400_250)

    init(
        _ store: any JobStore, tenants: any TenantStore, access: Access.Configuration = .init(),
        readers: Readers = Readers(), activity: ActivityHub = ActivityHub(maximumCount: 10),
        clock: any QueueClock = StoppedClock()
    ) {
        self.store = store
        self.activity = activity
        let limitClock = MovableInstant()
        self.limitClock = limitClock
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let dispatcher = Dispatcher(store: store, clock: clock, concurrency: 1, logger: logger) { _ in
            .notRun(nil, mayHaveBeenSeen: false)
        }
        let queue = JobQueue(store: store, dispatcher: dispatcher, clock: clock, activity: Activity(activity))
        meter = UsageMeter(tenants, logger: logger)
        registry = TenantRegistry(tenants, clock: clock)
        let access = Access(access, registry: registry, meter: meter, clock: clock) { limitClock.now }
        api = QueueAPI(queue, access: access, activity: activity, readers: readers, logger: logger)
    }

    /// - Parameter intercept: What lies between the API and the store.
    static func with(
        _ intercept: (any JobStore) -> any JobStore = { $0 }, access: Access.Configuration = .init(),
        readers: Readers = Readers(), activity: ActivityHub = ActivityHub(maximumCount: 10), quotas: Quotas = Quotas(),
        limits: DeliveryLimits = DeliveryLimits(), clock: any QueueClock = StoppedClock(),
        _ body: (TestAPI) async throws -> Void
    ) async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("fletch-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let store = try SQLiteJobStore(
            path: directory.appendingPathComponent("jobs.sqlite").path, quotas: quotas, limits: limits)
        try await body(
            TestAPI(
                intercept(store), tenants: store, access: access, readers: readers, activity: activity, clock: clock))
        try store.close()
    }

    static let passphrase = "a passphrase to test with"
    /// The tenant of requests without authentication.
    static let anonymous = "anonymous"

    /// With tenants, as an operator with one passphrase has it.
    static func withTenants(
        passphrases: String = passphrase, jwt: JWTVerifier? = nil, requestLimit: Int? = nil,
        readers: Readers = Readers(), _ body: (TestAPI) async throws -> Void
    ) async throws {
        var access = Access.Configuration()
        access.passphrases = Passphrases(passphrases)
        access.jwtVerifier = jwt
        access.requestLimit = requestLimit
        try await with(access: access, readers: readers, body)
    }

    /// Has what is due by `moment` run, as a dispatcher would, with that outcome.
    func run(_ outcome: RunOutcome = .succeeded, at moment: Timestamp) async throws {
        let jobs = try await store.lease(100, at: moment).jobs
        try await store.settle(jobs.map { $0.settled(outcome, at: moment) })
    }

    func send(
        _ method: HTTPRequest.Method, _ target: String, _ body: String? = nil, type: String? = "application/json",
        fields: HTTPFields = [:], host: String? = "localhost", address: SocketAddress? = nil
    ) async -> Answer {
        var request = APIRequest(method: method, target: target, fields: fields)
        (request.host, request.peer) = (host, address)
        if let body {
            request.fields[.contentType] = type
            request.fields[.contentLength] = String(body.utf8.count)
            request.body = ByteBuffer(string: body)
        }
        do {
            return try await Answer.whole(api.response(to: request))
        } catch {
            return Answer(brokenOffBy: error)
        }
    }
}

/// Leases what may be delivered, and expects it to be these jobs.
func expectLeased(
    _ ids: [String], _ api: TestAPI, at now: Timestamp = TestAPI.now,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let leased = try await api.store.lease(10, at: now).jobs.map(\.job.key.id)
    #expect(leased == ids, sourceLocation: sourceLocation)
}

extension HTTPFields {
    static func bearer(_ token: String) -> HTTPFields { [.authorization: "Bearer \(token)"] }

    static func basic(_ user: String, _ password: String) -> HTTPFields {
        [.authorization: "Basic " + Data("\(user):\(password)".utf8).base64EncodedString()]
    }
}

struct StoppedClock: QueueClock {
    var now: Timestamp { TestAPI.now }

    func sleep(until moment: Timestamp?) async throws { try Task.checkCancellation() }
}
