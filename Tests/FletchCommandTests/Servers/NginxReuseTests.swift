import Fletch
import FletchTarget
import Foundation
import HTTPTypes
import Testing

/// Connections to nginx, as its access log counts them, and what becomes of requests when it ends one.
@Suite(
    .timeLimit(.minutes(3)),
    .enabled(if: FileManager.default.isExecutableFile(atPath: Nginx.path), "nginx is not installed"))
struct NginxReuseTests {
    private static let locations = """
        location /length { return 200 "ok"; }
        location /empty { return 204; }
        location /same { return 304; }
        location /missing { return 404; }
        location /chunked { ssi on; try_files /page =404; }
        location /large { try_files /page =404; }
        location /close { keepalive_timeout 0; return 200 "ok"; }
        location /until-close { chunked_transfer_encoding off; ssi on; try_files /page =404; }
        """

    /// Runs nginx with these locations and one that takes a while, and returns what it has served.
    private func served(
        _ directives: String = "", _ body: (_ url: String) async throws -> Void
    ) async throws -> [Nginx.Served] {
        var origin = TargetConfiguration()
        origin.delay = .milliseconds(300)
        return try await withFletchTarget(origin) { target in
            let slow = "location /slow { proxy_pass \(target.url); }"
            let log = try await Nginx.run("root html; \(slow) \(Self.locations) \(directives)") { url, root in
                let folder = root.appendingPathComponent("html")
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                try Data(repeating: 120, count: 20_000).write(to: folder.appendingPathComponent("page"))
                try await body(url)
            }
            return try Nginx.served(log)
        }
    }

    private func withClient<Outcome>(
        depth: Int = 1, _ body: (FletchClient) async throws -> Outcome
    ) async throws -> Outcome {
        try await withFletchClient(.oneConnection(depth: depth), body)
    }

    // MARK: Connections that are kept

    @Test func oneConnectionServesOneRequestAfterTheOther() async throws {
        let served = try await served { url in
            try await withClient { client in
                for number in 0..<50 {
                    let request = FletchRequest(.post, "\(url)/length/\(number)", body: .utf8("event"))
                    let receipt = try await client.send(request, until: .answered)
                    #expect(receipt.reused == (number > 0))
                }
            }
        }
        #expect(served.map(\.number) == Array(1...50))
        #expect(Set(served.map(\.connection)).count == 1)
    }

    @Test func pipelinedResponsesOfEveryFramingAreToldApart() async throws {
        let kinds: [(path: String, method: HTTPRequest.Method, status: Int)] = [
            ("length", .post, 200), ("chunked", .get, 200), ("empty", .put, 204), ("large", .head, 200),
            ("same", .get, 304), ("missing", .get, 404), ("large", .get, 200), ("chunked", .head, 200),
        ]
        let expected = (0..<96).map { kinds[$0 % kinds.count] }
        let served = try await served { url in
            try await withClient(depth: 16) { client in
                async let first = client.answer(to: FletchRequest(.get, "\(url)/slow"))
                let requests = expected.enumerated().map { number, kind in
                    FletchRequest(kind.method, "\(url)/\(kind.path)?\(number)")
                }
                let statuses = try await client.answers(to: requests).map { try $0.get().status?.code }
                #expect(statuses == expected.map(\.status))
                let status = try await first.get().status
                #expect(status == .ok)
            }
        }
        #expect(served.map(\.number) == Array(1...97))
        #expect(Set(served.map(\.connection)).count == 1)
        #expect(served.contains { $0.isPipelined })
        #expect(Set(served.map(\.path)).count == 97)
    }

    @Test func volleyIsServedOnFewConnections() async throws {
        let served = try await served("keepalive_requests 100000;") { url in
            let lines = (0..<1_000).map { "\(url)/\($0 % 2 == 0 ? "length" : "chunked")?\($0)\n" }.joined()
            let outcome = try await Shell.fletch(
                "volley", "--until", "answered", "--connections", "2", "--pipeline", "32", "-", input: lines)
            #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        }
        #expect(Set(served.map(\.path)).count == 1_000)
        #expect(served.count == 1_000)
        // A connection whose response is still coming is parked, and makes room for another.
        #expect(Set(served.map(\.connection)).count < 100)
    }

    // MARK: Connections that nginx ends

    /// Nothing is served twice, and what was answered has been served.
    private func expectTruth(_ results: [Result<Receipt, FletchError>], _ served: [Nginx.Served]) {
        let paths = served.map(\.path)
        #expect(Set(paths).count == paths.count)
        for result in results {
            switch result {
            case .success(let receipt):
                #expect(receipt.status == .ok)
                #expect(paths.contains { receipt.url.hasSuffix($0) })
            case .failure(let error):
                #expect(error.certainty == .unknown)
                #expect(error.code == .closedWithoutAnswer || error.code == .receiveFailed, "\(error)")
            }
        }
    }

    /// Its last answer on a connection says so, and what is behind it has not been processed (RFC 9112 §9.6).
    @Test func tailBehindTheLastRequestOfAConnectionIsServedOnAnother() async throws {
        var results: [Result<Receipt, FletchError>] = []
        let served = try await served("keepalive_requests 5;") { url in
            try await withClient(depth: 8) { client in
                async let first = client.answer(to: FletchRequest(.post, "\(url)/slow?first"))
                results = await client.answers(to: (0..<60).map { FletchRequest(.post, "\(url)/length?\($0)") })
                results.append(await first)
            }
        }
        expectTruth(results, served)
        #expect(results.allSatisfy { (try? $0.get()) != nil }, "\(results)")
        #expect(served.count == 61)
        #expect(served.allSatisfy { $0.number <= 5 })
        #expect(served.count { $0.number == 5 } >= 1)
    }

    @Test(arguments: [
        ("keepalive_requests 5;", ["length", "chunked"]), ("", ["length", "close", "chunked", "until-close"]),
    ])
    func tailIsSentAgainWhereThatIsSafe(_ directives: String, _ paths: [String]) async throws {
        let served = try await served(directives) { url in
            var configuration = Configuration.oneConnection(depth: 8)
            configuration.fireMilestone = .answered
            configuration.retry.maximumCount = 1_000
            configuration.retry.baseDelay = .milliseconds(1)
            let client = try FletchClient(configuration)
            for number in 0..<80 { client.fire(FletchRequest(.get, "\(url)/\(paths[number % paths.count])?\(number)")) }
            let report = await client.drain(within: .seconds(100))
            #expect(report.unfinishedRequestCount == 0)
            #expect(client.statistics.reachedCount == 80)
        }
        #expect(served.count == 80)
        #expect(Set(served.map(\.path)).count == 80)
    }

    @Test func connectionThatIsClosedWhileIdleIsNotUsedAgain() async throws {
        let served = try await served("keepalive_timeout 50ms;") { url in
            try await withClient { client in
                for number in 0..<5 {
                    let receipt = try await client.send(
                        FletchRequest(.post, "\(url)/length?\(number)"), until: .answered)
                    #expect(!receipt.reused)
                    #expect(await becomesTrue { client.statistics.connectionCount == 0 })
                }
            }
        }
        #expect(served.map(\.path) == (0..<5).map { "/length?\($0)" })
        #expect(served.allSatisfy { $0.number == 1 })
    }

    /// About as long after each answer as nginx keeps a connection.
    @Test(arguments: [HTTPRequest.Method.get, .post])
    func requestThatMeetsTheEndOfItsConnectionIsServedOnceAtMost(_ method: HTTPRequest.Method) async throws {
        var pause = TargetConfiguration()
        pause.delay = .milliseconds(2)
        var results: [Result<Receipt, FletchError>] = []
        let served: [Nginx.Served] = try await withFletchTarget(pause) { target in
            try await self.served("keepalive_timeout 2ms;") { url in
                try await withClient { client in
                    for number in 0..<100 {
                        results.append(await client.answer(to: FletchRequest(method, "\(url)/length?\(number)")))
                        _ = await client.answer(to: FletchRequest(.get, target.url))
                    }
                }
            }
        }
        expectTruth(results, served)
        #expect(Set(served.map(\.connection)).count > 1)
        if method == .get { #expect(served.count == 100) }
    }
}
