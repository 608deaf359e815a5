import Foundation

/// What parked connections and the process in the background hold.
struct MemoryBenchmark {
    let tools: Tools
    let rounds: Int

    func run() throws -> Section {
        var section = Section(
            title: "Memory",
            method: """
                Resident anonymous memory in user space (`RssAnon`) with 10,000 connections parked, less that of a client \
                that has sent 64 requests; private memory (`smaps_rollup`) of each of several \
                processes that `fletch` leaves behind: what one more of them takes.
                """,
            header: ["", ""])
        let parked = try median((0..<rounds).map { _ in try parkedBytes() })
        section.rows.append(["one parked connection", "\(rounded(parked, 0)) B"])
        section.judge("bytes for each parked connection", parked, wanted: 2_048, decimals: 0)
        let detached = try median((0..<rounds).map { _ in try detachedBytes() })
        section.rows.append(["private memory of the background process", "\(rounded(detached / 1_024, 0)) KiB"])
        section.judge("MiB of private memory of the background process", detached / 1_048_576, wanted: 2)
        return section
    }

    private func parkedBytes() throws -> Double {
        var bytes = Double.nan
        try withSink(tools, .silent) { port in
            let output = try Command(tools.fletchLoad, "park", port, "10000").run().output
            let numbers = output.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
            guard numbers.count == 2, numbers[1] == 0 else {
                throw BenchmarkError("parking: \(output): is the limit on descriptors (ulimit -n) above 10,100?")
            }
            bytes = numbers[0]
        }
        return bytes
    }

    private func detachedBytes() throws -> Double {
        var bytes = Double.nan
        try withSink(tools, .silent) { port in
            let mark = "memory-\(getpid())-\(Int.random(in: 0 ... .max))"
            for _ in 0..<3 { try Command(tools.fletch, "--park", "5", "http://127.0.0.1:\(port)/\(mark)").run() }
            let ids = background(mark)
            guard let id = ids.first else { throw BenchmarkError("no background process") }
            let text = try String(contentsOfFile: "/proc/\(id)/smaps_rollup", encoding: .utf8)
            let lines = text.split(separator: "\n").filter { $0.hasPrefix("Private_") }
            bytes = Double(lines.compactMap { Int($0.filter(\.isNumber)) }.reduce(0, +) * 1_024)
            for id in ids { kill(id, SIGTERM) }
        }
        return bytes
    }

    private func background(_ mark: String) -> [pid_t] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { pid_t($0) }.filter { id in
            let line = FileManager.default.contents(atPath: "/proc/\(id)/cmdline") ?? Data()
            return String(decoding: line, as: UTF8.self).contains(mark)
        }
    }
}
