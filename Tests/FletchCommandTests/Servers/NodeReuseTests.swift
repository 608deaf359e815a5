import Fletch
import Foundation
import HTTPTypes
import Testing

/// Connections to Node, as it counts its sockets and the requests that are open on each.
@Suite(.timeLimit(.minutes(3)), .enabled(if: NodeServer.path != nil, "node is not installed"))
struct NodeReuseTests {
    /// A request as Node has seen it.
    private struct Seen: Decodable {
        let socket: Int
        /// Which one on its socket, from 1, and how many of them were unanswered.
        let number: Int
        let open: Int
        let method: String
        let url: String
        let bytes: Int
    }

    private static let script = """
        const seen = [], held = []
        let sockets = 0
        const answers = {
            length: response => response.end('ok'),
            chunked: response => { response.write('first'); setImmediate(() => response.end('last')) },
            empty: response => { response.statusCode = 204; response.end() },
            same: response => { response.statusCode = 304; response.end() },
            interim: response => { response.writeProcessing(); response.end('ok') },
            large: response => response.end('x'.repeat(20000)),
            close: response => { response.shouldKeepAlive = false; response.end('ok') },
            until_close: response => { response.useChunkedEncodingByDefault = false; response.write('a'); response.end() },
            held: response => { if (held.push(response) === 8) for (const each of held.splice(0)) each.end('ok') },
            seen: response => response.end(JSON.stringify(seen)),
        }
        const server = require('http').createServer((request, response) => {
            const { socket, method, url } = request
            socket.mark ??= { socket: ++sockets, number: 0, open: 0 }
            socket.mark.number++
            socket.mark.open++
            const mark = { ...socket.mark, method, url, bytes: 0 }
            response.on('close', () => socket.mark.open--)
            request.on('data', part => mark.bytes += part.length)
            request.on('end', () => {
                if (url !== '/seen') seen.push(mark)
                answers[url.slice(1).split('?')[0]](response)
            })
        })
        """

    /// Runs Node with these settings, and returns what it has seen.
    private func seen(_ settings: String = "", _ body: (_ url: String) async throws -> Void) async throws -> [Seen] {
        var list: [UInt8] = []
        try await NodeServer.run(Self.script + "\n" + settings) { node in
            try await body(node.url)
            var request = FletchRequest(.get, node.url + "/seen")
            request.keep = .everything(upTo: 1_000_000)
            let report = request
            list = try await withFletchClient { try await $0.send(report, until: .answered).body }
        }
        return try JSONDecoder().decode([Seen].self, from: Data(list))
    }

    private func withClient<Outcome>(
        depth: Int = 1, _ body: (FletchClient) async throws -> Outcome
    ) async throws -> Outcome {
        try await withFletchClient(.oneConnection(depth: depth), body)
    }

    // MARK: Connections that are kept

    @Test func oneSocketServesOneRequestAfterTheOther() async throws {
        let seen = try await seen { url in
            try await withClient { client in
                for number in 0..<50 {
                    let request = FletchRequest(.post, "\(url)/length?\(number)", body: .utf8("event"))
                    let receipt = try await client.send(request, until: .answered)
                    #expect(receipt.reused == (number > 0))
                }
            }
        }
        #expect(seen.map(\.number) == Array(1...50))
        #expect(seen.allSatisfy { $0.socket == 1 && $0.open == 1 && $0.bytes == 5 })
    }

    @Test func pipelinedResponsesOfEveryFramingAreToldApart() async throws {
        let kinds: [(path: String, method: HTTPRequest.Method, status: Int)] = [
            ("length", .post, 200), ("chunked", .get, 200), ("empty", .put, 204), ("large", .head, 200),
            ("same", .get, 304), ("interim", .post, 200), ("large", .post, 200), ("chunked", .head, 200),
        ]
        let expected = (0..<96).map { kinds[$0 % kinds.count] }
        let seen = try await seen { url in
            try await withClient(depth: 16) { client in
                let requests = expected.enumerated().map { number, kind in
                    let body = FletchRequest.Body.utf8(String(repeating: "b", count: number * 50))
                    return FletchRequest(
                        kind.method, "\(url)/\(kind.path)?\(number)", body: kind.method == .post ? body : .none)
                }
                let statuses = try await client.answers(to: requests).map { try $0.get().status?.code }
                #expect(statuses == expected.map(\.status))
            }
        }
        #expect(seen.map(\.number) == Array(1...96))
        #expect(seen.allSatisfy { $0.socket == 1 && $0.open <= 16 })
        for request in seen where request.method == "POST" {
            #expect(Int(request.url.split(separator: "?")[1]).map { $0 * 50 } == request.bytes)
        }
    }

    @Test func asManyRequestsAsAllowedAreUnansweredAndNoMore() async throws {
        // Node answers none of them before it has eight.
        let seen = try await seen { url in
            try await withClient(depth: 8) { client in
                let results = await client.answers(to: (0..<64).map { FletchRequest(.post, "\(url)/held?\($0)") })
                #expect(results.allSatisfy { (try? $0.get())?.status == .ok })
            }
        }
        #expect(seen.map(\.open).max() == 8)
        #expect(seen.count == 64)
        #expect(Set(seen.map(\.socket)).count == 1)
    }

    // MARK: Connections that Node ends

    @Test func tailBehindTheLastRequestOfASocketIsUnknown() async throws {
        var results: [Result<Receipt, FletchError>] = []
        let seen = try await seen("server.maxRequestsPerSocket = 5") { url in
            try await withClient(depth: 8) { client in
                results = await client.answers(to: (0..<60).map { FletchRequest(.post, "\(url)/length?\($0)") })
            }
        }
        #expect(Set(seen.map(\.url)).count == seen.count)
        for case .success(let receipt) in results {
            #expect(receipt.status == .ok)
            #expect(seen.contains { receipt.url.hasSuffix($0.url) })
        }
        for case .failure(let error) in results { #expect(error.certainty == .unknown) }
        #expect(seen.allSatisfy { $0.number <= 5 })
    }

    @Test func tailIsSentAgainWhereThatIsSafe() async throws {
        let paths = ["length", "close", "chunked", "until_close"]
        let seen = try await seen("server.maxRequestsPerSocket = 5") { url in
            var configuration = Configuration.oneConnection(depth: 8)
            configuration.fireMilestone = .answered
            configuration.retry.maximumCount = 1_000
            configuration.retry.baseDelay = .milliseconds(1)
            let client = try FletchClient(configuration)
            for number in 0..<80 { client.fire(FletchRequest(.put, "\(url)/\(paths[number % 4])?\(number)")) }
            let report = await client.drain(within: .seconds(100))
            #expect(report.unfinishedRequestCount == 0)
            #expect(client.statistics.reachedCount == 80)
        }
        #expect(Set(seen.map(\.url)).count == 80)
    }

    @Test func socketThatIsClosedWhileIdleIsNotUsedAgain() async throws {
        let seen = try await seen("server.keepAliveTimeout = 50") { url in
            try await withClient { client in
                for number in 0..<3 {
                    let request = FletchRequest(.post, "\(url)/length?\(number)")
                    let receipt = try await client.send(request, until: .answered)
                    #expect(receipt.reused == false)
                    #expect(await becomesTrue { client.statistics.connectionCount == 0 })
                }
            }
        }
        #expect(seen.map(\.url) == (0..<3).map { "/length?\($0)" })
        #expect(seen.map(\.socket) == [1, 2, 3])
    }
}
