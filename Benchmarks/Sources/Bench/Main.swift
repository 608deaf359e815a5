import Foundation

/// Bench ROOT: measures everything, shows it, and writes ROOT/docs/benchmarks.md.
@main
enum Main {
    static func main() throws {
        guard CommandLine.arguments.count == 2 else {
            print("usage: Bench ROOT")
            exit(2)
        }
        let root = CommandLine.arguments[1]
        let tools = Tools(root: root)
        var sections: [Section] = []
        let benchmarks: [() throws -> Section] = [
            { try StartBenchmark(tools: tools, runs: 200).run() },
            { try ProcessorBenchmark(tools: tools, rounds: 5).run() },
            { try WireBenchmark(tools: tools, rounds: 3).run() },
            { try MemoryBenchmark(tools: tools, rounds: 3).run() },
        ]
        for benchmark in benchmarks {
            let section = try benchmark()
            print(section.markdown)
            fflush(nil)
            sections.append(section)
        }
        try Report.write(sections, to: root + "/docs/benchmarks.md")
    }
}
