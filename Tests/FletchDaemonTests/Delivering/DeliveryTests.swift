import Foundation
import Testing

/// What a delivery looks like.
@Suite(.timeLimit(.minutes(3)))
struct DeliveryTests {
    @Test(arguments: [
        "", "plain", "ünïcode ✓ 🎯", "a\u{0}b\u{0}", "{\"json\":[1]}\r\n", String(repeating: "x", count: 300_000),
    ])
    func bodyArrivesAsItCame(_ body: String) async throws {
        let request = try await delivery(of: Draft(body: body))
        #expect(request.method == "POST")
        #expect(request.body == body)
        #expect(request.value(of: "content-type") == "text/plain")
        #expect(request.value(of: "content-length") == "\(body.utf8.count)")
        #expect(request.value(of: "accept") == "*/*")
        #expect(request.value(of: "x-quirrel-signature") == nil)
    }

    @Test func jobWithoutABodyIsDeliveredEmpty() async throws {
        #expect(try await delivery(of: Draft()).body == "")
    }

    @Test func metaTellsWhatItIsAbout() async throws {
        let plain = try await Self.meta(of: delivery(of: Draft(id: "job \"1\" ü")))
        #expect(plain.id == "job \"1\" ü")
        #expect(plain.count == 1)
        #expect(!plain.exclusive)
        #expect(plain.retry == [])
        #expect(plain.nextRepetition == nil)
        let other = try await Self.meta(of: delivery(of: Draft(exclusive: true, retry: [100, 2_000])))
        #expect(other.exclusive)
        #expect(other.retry == [100, 2_000])
    }

    @Test func metaTellsTheNextRepetitionInMillisecondsSince1970() async throws {
        let runAt = Date(timeIntervalSince1970: 1_700_000_000.123)
        var draft = Draft(runAt: "2023-11-14T22:13:20.123Z")
        draft.repeat = .init(every: 100_000_000_000, times: 2)
        let meta = try await Self.meta(of: delivery(of: draft))
        #expect(meta.nextRepetition == Int64((runAt.timeIntervalSince1970 * 1_000).rounded()) + 100_000_000_000)
    }

    @Test func lastRunHasNoNextRepetition() async throws {
        var draft = Draft()
        draft.repeat = .init(every: 1, times: 1)
        #expect(try await Self.meta(of: delivery(of: draft)).nextRepetition == nil)
    }

    @Test func keyIsTheSameForRetriesOfARun() async throws {
        let requests = try await deliveries(3, of: Draft(retry: [1, 1])) { _ in .status(500) }
        #expect(Set(requests.map { $0.value(of: "idempotency-key") }).count == 1)
        #expect(requests.first?.value(of: "idempotency-key") != nil)
        #expect(requests.map(\.attempt) == [1, 2, 3])
    }

    @Test func keyIsAnotherForEachRepetition() async throws {
        var draft = Draft(id: "again")
        draft.repeat = .init(every: 1, times: 3)
        let requests = try await deliveries(3, of: draft)
        #expect(Set(requests.map { $0.value(of: "idempotency-key") }).count == 3)
        #expect(requests.map(\.attempt) == [1, 1, 1])
    }

    @Test func keyIsAnotherWhereAnIdIsUsedAnew() async throws {
        try await withPlace { place in
            try await withOrigin { origin in
                try await withDaemon(place) { daemon in
                    for _ in 0..<2 {
                        try await daemon.api.enqueue(Draft(id: "same"), at: origin.url("/"))
                        try await daemon.api.waitUntilGone("same", at: origin.url("/"))
                    }
                    let keys = origin.records.value.requests.map { $0.value(of: "idempotency-key") }
                    #expect(keys.count == 2)
                    #expect(Set(keys).count == 2)
                }
            }
        }
    }

    /// One after the other, whether they succeed or fail: a failure's answer is read, which must not end the connection.
    @Test func deliveriesToAnOriginShareAConnection() async throws {
        try await withQueue({ $0.body == "bad" ? .status(500, body: "no such table") : .ok }) { queue in
            for number in 0..<20 {
                let draft = Draft(body: number % 3 == 1 ? "bad" : "good", id: "job")
                try await queue.api.enqueue(draft, at: queue.endpoint)
                try await queue.api.waitUntilGone("job", at: queue.endpoint)
            }
            #expect(queue.requests.count == 20)
            // Idle it lasts a second.
            let pairs = zip(queue.requests, queue.requests.dropFirst())
            #expect(pairs.allSatisfy { $0.peerPort == $1.peerPort || $1.arrivedAt - $0.arrivedAt > .milliseconds(900) })
        }
    }

    /// `host.docker.internal` is an address of this machine for the process alone.
    @Test(.enabled(if: Namespace.isAvailable, "a mount namespace takes root"))
    func localhostIsTheHostOfTheContainer() async throws {
        try await withPlace { place in
            try place.write("127.0.0.1 localhost host.docker.internal\n", to: "hosts")
            let wrapper = Namespace.wrapper("mount --bind '\(place.path("hosts"))' /etc/hosts")
            try await withOrigin { origin in
                let environment = ["RUNNING_IN_DOCKER": "true", "HOST": "127.0.0.1"]
                try await withDaemon(place, environment: environment, wrapper: wrapper) { daemon in
                    try await daemon.api.enqueue(Draft(), at: origin.url("/a", host: "localhost"))
                    try await daemon.api.enqueue(Draft(), at: origin.url("/b"))
                    let records = try await origin.records.wait { $0.requests.count == 2 }
                    let hosts = ["/a", "/b"].map { records.requests(to: $0).first?.value(of: "host") }
                    #expect(hosts == ["host.docker.internal:\(origin.port)", "127.0.0.1:\(origin.port)"])
                }
            }
        }
    }

    /// With tenants public targets are called, and the container's host.
    @Test(.enabled(if: Namespace.isAvailable, "a mount namespace takes root"))
    func hostOfTheContainerIsCalledForTenantsAndTheContainerIsNot() async throws {
        try await withPlace { place in
            try place.write("127.0.0.1 localhost\n127.0.0.2 host.docker.internal\n", to: "hosts")
            let wrapper = Namespace.wrapper("mount --bind '\(place.path("hosts"))' /etc/hosts")
            try await withOrigin(at: "127.0.0.2") { origin in
                let passphrase = "a passphrase to test with"
                let environment = ["RUNNING_IN_DOCKER": "true", "HOST": "127.0.0.1", "PASSPHRASES": passphrase]
                try await withDaemon(place, environment: environment, wrapper: wrapper) { daemon in
                    let api = daemon.api.with(token: try await daemon.api.token("somebody", passphrase: passphrase))
                    try await api.enqueue(Draft(), at: origin.url("/", host: "localhost"))
                    let request = try #require(try await origin.wait(for: 1, at: "/").first)
                    #expect(request.value(of: "host") == "host.docker.internal:\(origin.port)")
                    try await api.enqueue(Draft(id: "refused"), at: origin.url("/refused", host: "127.0.0.1"))
                    try await api.waitUntilGone("refused", at: origin.url("/refused", host: "127.0.0.1"))
                    #expect(daemon.program.said.value.contains("127.0.0.0/8 is Loopback"))
                }
            }
        }
    }

    private struct Meta: Decodable {
        let id: String
        let count: Int
        let exclusive: Bool
        let retry: [Int]
        let nextRepetition: Int64?
    }

    private static func meta(of request: OriginRequest) throws -> Meta {
        let text = try #require(request.value(of: "x-quirrel-meta"))
        return try JSONDecoder().decode(Meta.self, from: Data(text.utf8))
    }

    /// Endpoints and answers may hold tokens.
    @Test func failureIsLoggedWithoutSecrets() async throws {
        try await withPlace { place in
            try await withOrigin({ _ in .status(500, body: "no such table") }) { origin in
                try await withDaemon(place, ["--log-level", "debug"]) { daemon in
                    let endpoint = origin.url("/hook?token=s3cret").replacing("://", with: "://user:s3cret@")
                    try await daemon.api.enqueue(Draft(), at: endpoint)
                    try await daemon.program.said.wait { $0.contains("a delivery failed") }
                    let said = daemon.program.said.value
                    #expect(said.contains("/hook") && said.contains("answered 500"), "\(said)")
                    #expect(!said.contains("no such table"))
                    #expect(!said.contains("s3cret"))
                }
            }
        }
    }

    private func delivery(of draft: Draft) async throws -> OriginRequest {
        try #require(try await deliveries(1, of: draft).first)
    }

    private func deliveries(
        _ count: Int, of draft: Draft, _ reply: @escaping @Sendable (OriginRequest) -> Reply = { _ in .ok }
    ) async throws -> [OriginRequest] {
        try await withPlace { place in
            try await withOrigin(reply) { origin in
                try await withDaemon(place) { daemon in
                    try await daemon.api.enqueue(draft, at: origin.url("/"))
                    return try await origin.wait(for: count, at: "/")
                }
            }
        }
    }

    /// What the environment has for other programs would catch calls to this machine, too.
    @Test func onlyAProxyThatIsNamedForDeliveriesIsUsed() async throws {
        try await withPlace { place in
            try await withOrigin { origin in
                try await withOrigin { proxy in
                    let environment = ["http_proxy": proxy.url(""), "all_proxy": proxy.url("")]
                    try await withDaemon(place, environment: environment) { daemon in
                        try await daemon.api.enqueue(Draft(body: "direct"), at: origin.url("/direct"))
                        try await origin.wait(for: 1, at: "/direct")
                        try await daemon.api.waitUntilEmpty()
                    }
                    try await withDaemon(place, ["--proxy", proxy.url("")]) { daemon in
                        try await daemon.api.enqueue(Draft(body: "by proxy"), at: origin.url("/proxied"))
                        try await proxy.wait(for: 1, at: origin.url("/proxied"))
                    }
                    #expect(proxy.records.value.requests.count == 1)
                    #expect(origin.records.value.requests.count == 1)
                }
            }
        }
    }

    /// It has served another job before: the same as with a connection of its own.
    @Test func jobThatIsTakenAndNotAnsweredIsDeliveredOnceUnlessItIsToBeRetried() async throws {
        try await withQueue({ $0.body == "poison" ? .close : .ok }) { queue in
            for retry in [nil, [1]] as [[Int]?] {
                try await queue.settleOthers()
                var poison = Draft(body: "poison", id: "poison")
                poison.retry = retry
                try await queue.api.enqueue(poison, at: queue.endpoint)
                try await queue.api.waitUntilGone("poison", at: queue.endpoint)
            }
            #expect(queue.requests.map(\.attempt) == [1, 1, 2])
        }
    }
}
