import FletchQueue
import Testing

@testable import FletchServer

/// A request that never becomes whole is not carried out, even if what has come of it would be a request by itself.
@Suite struct CutOffTests {
    private static func head(_ framing: String) -> String {
        "POST \(queue) HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\(framing)\r\n\r\n"
    }

    private static let chunked = head("Transfer-Encoding: chunked")

    @Test(arguments: [
        chunked + "2\r\n{}\r\n", chunked + "2\r\n{}\r\n0\r\n", chunked + "2\r\n{}\r\nnonsense\r\n\r\n",
        chunked + "3\r\n{}", head("Content-Length: 3") + "{}", head("Content-Length: 100") + "{}",
    ])
    func jobWhoseRequestBreaksOffIsNotStored(_ request: String) async throws {
        try await TestServer.with { port in
            for end in [RawClient.endSending, RawClient.reset] {
                let client = try RawClient(port: port)
                try client.send("GET /health HTTP/1.1\r\nHost: a\r\n\r\n" + request)
                #expect(await client.receive { $0.hasSuffix("}") }.hasPrefix("HTTP/1.1 200 "))
                end(client)()
            }
            // One more, which ends where the server ends it.
            let client = try RawClient(port: port)
            defer { client.close() }
            try client.send(request)
            client.endSending()
            #expect(
                await client.receive().contains("the request ended before it was whole") == !request.contains(
                    "nonsense"))
            let stored = try RawClient(port: port)
            defer { stored.close() }
            try stored.send("GET /queues HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(await stored.receive().hasSuffix("\r\n\r\n[]"))
        }
    }
}
