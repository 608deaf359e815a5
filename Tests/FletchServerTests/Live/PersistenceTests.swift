import FletchQueue
import Foundation
import Testing

@testable import FletchServer

/// Whoever closes says so, and answers arrive in the order of their requests.
@Suite struct PersistenceTests {
    private static func answers(_ port: Int, _ request: String) async throws -> [String] {
        let client = try RawClient(port: port)
        defer { client.close() }
        try client.send(request)
        var said = await client.receive()
        for line in ["HTTP/1.0 ", "HTTP/1.1 "] { said = said.replacingOccurrences(of: line, with: "\u{1}" + line) }
        return said.split(separator: "\u{1}").map { $0.prefix(8) + $0.dropFirst(8).lowercased() }
    }

    @Test(arguments: [
        "HTTP/1.1\r\nHost: a\r\nConnection: close", "HTTP/1.1\r\nHost: a\r\nconnection: Close",
        "HTTP/1.1\r\nHost: a\r\nConnection: close, TE", "HTTP/1.1\r\nHost: a\r\nConnection: TE\r\nConnection: close",
        "HTTP/1.0", "HTTP/1.0\r\nHost: a\r\nConnection: keep-alive, close",
    ])
    func connectionThatEndsIsSaidToEnd(_ rest: String) async throws {
        try await TestServer.with { port in
            let answers = try await Self.answers(port, "GET /health \(rest)\r\n\r\n")
            #expect(answers.count == 1)
            #expect(answers.first?.contains("\r\nconnection: close\r\n") == true, "\(answers)")
            #expect(answers.first?.hasPrefix(rest.hasPrefix("HTTP/1.0") ? "HTTP/1.0 200" : "HTTP/1.1 200") == true)
        }
    }

    @Test func connectionThatPersistsIsNotSaidToEnd() async throws {
        try await TestServer.with { port in
            let keepAlive = "GET /health HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"
            let one = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n"
            let last = "GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            let answers = try await Self.answers(port, keepAlive + one + last + one)
            #expect(answers.count == 3)
            #expect(answers.map { $0.contains("connection: keep-alive") } == [true, false, false])
            #expect(answers.map { $0.contains("connection: close") } == [false, false, true])
        }
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\n\r\n", "400"), ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "400"), ("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nHost: a\r\nExpect: cake\r\nContent-Length: 2\r\n\r\n", "417"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc", "400"),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", "400"),
        ("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"),
        ("\0\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 100_000))\r\n\r\n", "431"),
    ])
    func requestAtFaultIsRefusedAndTheConnectionSaidToEnd(_ request: String, _ status: String) async throws {
        try await TestServer.with { port in
            // Nothing behind it is taken for a request.
            let answers = try await Self.answers(port, request + "GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(answers.count == 1, "\(answers)")
            #expect(answers.first?.contains(" \(status) ") == true, "\(answers)")
            #expect(answers.first?.contains("\r\nconnection: close\r\n") == true)
            #expect(answers.first?.contains("\"statuscode\":\(status)") == true)
            #expect(
                answers.first?.firstMatch(of: /\r\ndate: [a-z]{3}, \d\d [a-z]{3} \d{4} \d\d:\d\d:\d\d gmt\r\n/) != nil)
        }
    }

    @Test func requestsBeforeOneAtFaultAreAnswered() async throws {
        try await TestServer.with { port in
            let one = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n"
            let answers = try await Self.answers(port, one + one + "GET /health HTTP/1.1\r\n\r\n" + one)
            #expect(answers.map { $0.dropFirst(9).prefix(3) } == ["200", "200", "400"])
        }
    }

    @Test func expectationOfVersion1_0IsIgnored() async throws {
        try await TestServer.with { port in
            let head = "POST \(queue) HTTP/1.0\r\nExpect: 100-continue\r\nContent-Type: application/json\r\n"
            let answers = try await Self.answers(port, head + "Content-Length: 2\r\n\r\n{}")
            #expect(answers.map { $0.dropFirst(9).prefix(3) } == ["201"])
        }
    }

    /// Its body is not taken for the next request.
    @Test func refusalBeforeTheBodyEndsTheConnection() async throws {
        try await TestServer.with { port in
            let client = try RawClient(port: port)
            defer { client.close() }
            try client.send(
                "POST \(queue) HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Type: application/json\r\n"
                    + "Content-Length: 2000000\r\n\r\n")
            let answer = await client.receive { $0.hasSuffix("}") }
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
            #expect(answer.lowercased().contains("\r\nconnection: close\r\n"))
            try client.send("GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await client.receive() == "")
        }
    }

    @Test func clientIsToldToGoOnBehindTheAnswersBeforeIt() async throws {
        let isLetIn = Signal()
        try await TestServer.with { store in
            InterceptedStore(base: store, before: { () async throws(StoreError) in _ = await isLetIn.comes() })
        } _: { port in
            let client = try RawClient(port: port)
            defer { client.close() }
            let head = "Host: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
            try client.send("POST \(queue) HTTP/1.1\r\n\(head)\r\n{}")
            try client.send("POST \(queue) HTTP/1.1\r\n\(head)Expect: 100-continue\r\nConnection: close\r\n\r\n")
            isLetIn.send()
            let first = await client.receive { $0.contains("HTTP/1.1 100 ") }
            #expect(first.hasPrefix("HTTP/1.1 201 "), "\(first)")
            isLetIn.send()
            try client.send("{}")
            #expect(await client.receive().hasPrefix("HTTP/1.1 201 "))
        }
    }

    private static let node = ["/usr/local/bin/node", "/usr/bin/node"].first(
        where: FileManager.default.isExecutableFile)

    /// As Quirrel's client has it: every other request says `close`, and none meets a socket that is about to end.
    @Test(.enabled(if: node != nil, "Node is not installed"))
    func pooledAgentOfNodeMeetsNoEndingConnection() async throws {
        try await TestServer.with { port in
            let script = """
                const http = require('http');
                const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
                let failures = 0, done = 0;
                function one(number) {
                  return new Promise((resolve) => {
                    const headers = { 'content-type': 'application/json' };
                    if (number % 2) headers.connection = 'close';
                    const request = http.request({ port: \(port), host: '127.0.0.1', method: 'POST', path: '\(queue)', agent, headers },
                      (response) => { response.resume(); response.on('end', () => { done += response.statusCode == 201; resolve(); }); });
                    request.on('error', () => { failures++; resolve(); });
                    request.end('{}');
                  });
                }
                (async () => { for (let i = 0; i < 100; i++) await one(i); console.log(done + ' ' + failures); agent.destroy(); })();
                """
            let process = Process()
            let output = Pipe()
            process.executableURL = Self.node.map { URL(fileURLWithPath: $0) }
            process.arguments = ["-e", script]
            process.standardOutput = output
            try process.run()
            let said = await withCheckedContinuation { continuation in
                Thread.detachNewThread {
                    let data = (try? output.fileHandleForReading.readToEnd()) ?? Data()
                    continuation.resume(returning: String(decoding: data, as: UTF8.self))
                }
            }
            #expect(said == "100 0\n")
        }
    }
}
