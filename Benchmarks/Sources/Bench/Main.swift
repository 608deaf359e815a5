import Foundation

/// Bench ROOT [SECTION…]: measures and shows; everything, unless sections are named, is written to
/// ROOT/docs/benchmarks.md as well.
@main
enum Main {
    private static let sections: [(name: String, measure: @Sendable (Tools) throws -> Section)] = [
        ("start", { try StartBenchmark(tools: $0, runs: 200).run() }),
        ("processor", { try ProcessorBenchmark(tools: $0, rounds: 5).run() }),
        ("wire", { try WireBenchmark(tools: $0, rounds: 3).run() }),
        ("pieces", { try PiecesBenchmark(tools: $0, rounds: 11).run() }),
        ("memory", { try MemoryBenchmark(tools: $0, rounds: 3).run() }),
        ("pipeline", { try PipelineBenchmark(tools: $0, rounds: 5).run() }),
        ("kept", { try KeptBenchmark(tools: $0, rounds: 5).run() }),
        ("fire", { try FireBenchmark(tools: $0, rounds: 5).run() }),
        ("volley", { try VolleyBenchmark(tools: $0, rounds: 2).run() }),
        ("large", { try LargeBenchmark(tools: $0, rounds: 3).run() }),
        ("tls", { try TLSBenchmark(tools: $0, rounds: 5).run() }),
    ]

    static func main() {
        let words = CommandLine.arguments.dropFirst()
        let names = words.dropFirst()
        guard let root = words.first, names.allSatisfy({ name in sections.contains { $0.name == name } }) else {
            print("usage: Bench ROOT [SECTION…], of: \(sections.map(\.name).joined(separator: " "))")
            exit(2)
        }
        // What this program was started with is not for those it starts; wrk even counts on low descriptors.
        for descriptor in Int32(3)..<1_024 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        do {
            let measured = try measure(names, Tools(root: root))
            if names.isEmpty { try Report.write(measured, to: root + "/docs/benchmarks.md") }
        } catch {
            print("Bench: \(error)")
            exit(1)
        }
    }

    private static func measure(_ names: ArraySlice<String>, _ tools: Tools) throws -> [Section] {
        var measured: [Section] = []
        for (name, measure) in sections where names.isEmpty || names.contains(name) {
            let section = try measure(tools)
            print(section.markdown)
            fflush(nil)
            measured.append(section)
        }
        return measured
    }
}
