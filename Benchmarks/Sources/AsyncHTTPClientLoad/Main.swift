import AsyncHTTPClient
import Glibc
import NIOSSL

@main
enum Main {
    static let usage = """
        usage: AsyncHTTPClientLoad single PORT COUNT        one connection for each request, from 64 tasks
               AsyncHTTPClientLoad kept PORT COUNT          64 connections that are kept, from 64 tasks
               AsyncHTTPClientLoad paced URL COUNT RATE     so many a second
               AsyncHTTPClientLoad secure PORT COUNT ADDRESS AUTHORITY
                                                            one TLS connection for each request, from 64 tasks
        """

    static func main() async throws {
        let words = Array(CommandLine.arguments.dropFirst())
        guard words.count >= 3, let count = Int(words[2]) else { return complain() }
        var configuration = configuration
        if words.count == 5 {
            configuration.dnsOverride = ["origin.test": words[3]]
            configuration.tlsConfiguration = .makeClientConfiguration()
            configuration.tlsConfiguration?.trustRoots = .file(words[4])
        }
        let client = HTTPClient(configuration: configuration)
        switch words[0] {
        case "single":
            let urls = (1...16).map { "http://127.0.0.\($0):\(words[1])/" }
            await Load(client, urls: urls, isClosing: true).measure(count)
        case "kept": await Load(client, urls: ["http://127.0.0.1:\(words[1])/"], isClosing: false).measure(count)
        case "paced":
            guard words.count == 4, let rate = Double(words[3]) else { return complain() }
            print(try await Load(client, urls: [words[1]], isClosing: false).pace(count, rate: rate))
        case "secure":
            guard words.count == 5 else { return complain() }
            let url = "https://origin.test:\(words[1])/"
            await Load(client, urls: [url], isClosing: true).measure(count, warmUp: 200)
        default: complain()
        }
        try await client.shutdown().get()
    }

    private static var configuration: HTTPClient.Configuration {
        var pool = HTTPClient.Configuration.ConnectionPool(idleTimeout: .seconds(1))
        pool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        return .init(connectionPool: pool)
    }

    private static func complain() {
        print(usage)
        exit(2)
    }
}
