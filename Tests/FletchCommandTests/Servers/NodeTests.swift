import FletchTarget
import Foundation
import Testing

/// Against Node's `http`, which finishes its work whatever the client does.
@Suite(.timeLimit(.minutes(2)), .enabled(if: NodeServer.path != nil, "node is not installed"))
struct NodeTests {
    @Test(arguments: ["automatic", "close", "reset"])
    func theWorkIsDoneUnderEveryDisposal(disposal: String) async throws {
        try await NodeServer.run { node in
            let body = String(repeating: "0123456789", count: 300_000)
            let outcome = try await Shell.fletch(
                "--disposal", disposal, "--data-binary", "@-", node.url + "/work", input: body)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let line = try await node.nextLine()
            #expect(line == "POST /work \(body.utf8.count) \(RequestRecord.checksum(of: body.utf8))")
        }
    }

    @Test func receiptSaysWhatNodeAnswered() async throws {
        try await NodeServer.run { node in
            let outcome = try await Shell.fletch("-f", "--receipt", "json", node.url + "/large")
            #expect(outcome.status == 0, "\(outcome.errors)")
            let receipt = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
            #expect(receipt?["status"] as? Int == 200)
            #expect(try #require(receipt?["bytes_received"] as? Int) <= 2_304)
            #expect(try await Shell.fletch("-f", node.url + "/missing").status == 22)
            #expect(try await Shell.fletch("-f", node.url + "/drop").status == 52)
        }
    }
}

/// A small server on Node: `/work` takes half a second and says what arrived, `/large` answers a megabyte.
struct NodeServer: Sendable {
    static let path = ["/usr/bin/node", "/usr/bin/nodejs", "/usr/local/bin/node"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    let url: String
    private let started: Started

    /// What it says next on standard output.
    func nextLine() async throws -> String {
        let output = started.output
        let bytes = try await blocking {
            var bytes: [UInt8] = []
            while let byte = try output.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") { bytes.append(byte) }
            return bytes
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func run(_ body: (NodeServer) async throws -> Void) async throws {
        let started = try await Shell.start([try #require(path), "-e", script])
        let port = try await NodeServer(url: "", started: started).nextLine()
        do {
            try await body(NodeServer(url: "http://127.0.0.1:\(port)", started: started))
        } catch {
            kill(started.id, SIGTERM)
            throw error
        }
        kill(started.id, SIGTERM)
        _ = try await started.end()
    }

    private static let script = """
        const server = require('http').createServer((request, response) => {
            let count = 0, checksum = 0xcbf29ce484222325n
            request.on('data', part => {
                count += part.length
                for (const byte of part) checksum = BigInt.asUintN(64, (checksum ^ BigInt(byte)) * 0x100000001b3n)
            })
            request.on('end', () => {
                if (request.url === '/drop') return request.socket.destroy()
                if (request.url === '/missing') { response.statusCode = 404; return response.end() }
                if (request.url === '/large') return response.end('x'.repeat(1000000))
                setTimeout(() => {
                    console.log(`${request.method} ${request.url} ${count} ${checksum.toString(16).padStart(16, '0')}`)
                    response.end('done')
                }, 500)
            })
        })
        server.listen(0, '127.0.0.1', () => console.log(server.address().port))
        """
}
