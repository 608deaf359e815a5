import Fletch
import Glibc

extension Load {
    /// Prints what one of so many parked connections holds, in bytes of resident memory, and how many requests failed.
    func park() async throws {
        var configuration = configuration
        configuration.maximumParkedConnectionCount = count
        let client = try FletchClient(configuration)
        let requests = spreadRequests
        _ = await send(64, requests, client, until: .acknowledged)
        let before = residentBytes()
        let failures = await send(count, requests, client, until: .acknowledged)
        print((residentBytes() - before) / count, failures)
        await client.drain(within: .zero)
    }
}

/// Private memory of this process.
private func residentBytes() -> Int {
    guard let file = fopen("/proc/self/status", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), file) != nil {
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if text.hasPrefix("RssAnon:") { return (Int(text.filter(\.isNumber)) ?? 0) * 1_024 }
    }
    return 0
}
