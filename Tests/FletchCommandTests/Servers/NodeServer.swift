import Foundation
import Testing

/// A small server on Node, which says its port first on standard output.
struct NodeServer: Sendable {
    static let path = ["/usr/bin/node", "/usr/bin/nodejs", "/usr/local/bin/node"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    let url: String
    private let started: Started

    /// What it says next on standard output.
    func nextLine() async throws -> String { try await started.nextLine() }

    /// - Parameter script: Makes the `server`.
    static func run(_ script: String = work, _ body: (NodeServer) async throws -> Void) async throws {
        let listening = "\nserver.listen(0, '127.0.0.1', () => console.log(server.address().port))"
        let started = try await Shell.start([try #require(path), "-e", script + listening])
        let port = try await started.nextLine()
        do {
            try await body(NodeServer(url: "http://127.0.0.1:\(port)", started: started))
        } catch {
            kill(started.id, SIGTERM)
            throw error
        }
        kill(started.id, SIGTERM)
        _ = try await started.end()
    }

    /// `/work` takes half a second and says what arrived, `/large` answers a megabyte.
    static let work = """
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
        """
}
