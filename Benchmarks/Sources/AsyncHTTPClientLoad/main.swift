// async-http-client-load PORT COUNT: one connection for each request, from 64 tasks, until the body has been read
import AsyncHTTPClient
import Glibc
import NIOCore

let arguments = CommandLine.arguments
let port = arguments[1]
let total = Int(arguments[2]) ?? 0

func processor() -> Double {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    let microseconds = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + Double(microseconds)
}

/// - Returns: How many failed.
func run(_ count: Int, _ client: HTTPClient) async -> Int {
    await withTaskGroup(of: Int.self) { group in
        for task in 0..<64 {
            group.addTask {
                var failures = 0
                for number in stride(from: task, to: count, by: 64) {
                    var request = HTTPClientRequest(url: "http://127.0.0.\(1 + number % 16):\(port)/")
                    request.headers.add(name: "Connection", value: "close")
                    do {
                        let response = try await client.execute(request, timeout: .seconds(10))
                        for try await _ in response.body {}
                    } catch {
                        failures += 1
                    }
                }
                return failures
            }
        }
        return await group.reduce(0, +)
    }
}

let client = HTTPClient(configuration: .init(connectionPool: .init(idleTimeout: .seconds(1))))
_ = await run(2_000, client)
let cost = processor()
let start = ContinuousClock.now
let failures = await run(total, client)
let seconds = (ContinuousClock.now - start) / .seconds(1)
print((processor() - cost) / Double(total), Double(total) / seconds, failures)
try await client.shutdown().get()
