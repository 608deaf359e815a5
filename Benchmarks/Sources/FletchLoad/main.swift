// fletch-load PORT COUNT MILESTONE DISPOSAL send: one connection for each request, from 64 tasks
// fletch-load PORT COUNT park: what so many parked connections hold, in bytes of resident memory each
import Fletch
import Glibc

let arguments = CommandLine.arguments.dropFirst().map { $0 }
let addressCount = 16
let taskCount = 64

func requests(_ port: String) -> [FletchRequest] {
    (1...addressCount).map { FletchRequest(.get, "http://127.0.0.\($0):\(port)/") }
}

func processor() -> Double {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    let microseconds = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + Double(microseconds)
}

/// - Returns: How many failed.
func run(_ count: Int, _ client: FletchClient, _ requests: [FletchRequest], _ milestone: Milestone) async -> Int {
    await withTaskGroup(of: Int.self) { group in
        for task in 0..<taskCount {
            group.addTask {
                var failures = 0
                for number in stride(from: task, to: count, by: taskCount) {
                    let request = requests[number % requests.count]
                    if (try? await client.send(request, until: milestone)) == nil { failures += 1 }
                }
                return failures
            }
        }
        return await group.reduce(0, +)
    }
}

func measure(_ port: String, _ count: Int, _ milestone: Milestone, _ disposal: Disposal) async throws {
    var configuration = Configuration()
    configuration.disposal = disposal
    configuration.proxy = .none
    let client = try FletchClient(configuration)
    let requests = requests(port)
    _ = await run(2_000, client, requests, milestone)
    let cost = processor()
    let start = ContinuousClock.now
    let failures = await run(count, client, requests, milestone)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    await client.drain(within: .seconds(5))
    print((processor() - cost) / Double(count), Double(count) / seconds, failures)
}

/// Private memory of this process, in bytes.
func residentBytes() -> Int {
    guard let file = fopen("/proc/self/status", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), file) != nil {
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if text.hasPrefix("RssAnon:") { return (Int(text.filter(\.isNumber)) ?? 0) * 1_024 }
    }
    return 0
}

func park(_ port: String, _ count: Int) async throws {
    var configuration = Configuration()
    configuration.maximumParkedConnectionCount = count
    configuration.proxy = .none
    let client = try FletchClient(configuration)
    let requests = requests(port)
    _ = await run(64, client, requests, .acknowledged)
    let before = residentBytes()
    let failures = await run(count, client, requests, .acknowledged)
    print((residentBytes() - before) / count, failures)
    await client.drain(within: .zero)
}

if arguments.count == 4, let milestone = Milestone(rawValue: arguments[2]),
    let disposal = Disposal(rawValue: arguments[3])
{
    try await measure(arguments[0], Int(arguments[1]) ?? 0, milestone, disposal)
} else if arguments.count == 3 {
    try await park(arguments[0], Int(arguments[1]) ?? 0)
}
