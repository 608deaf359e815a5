import Foundation

/// Where everything that is measured lies.
struct Tools {
    let fletch: String
    let target: String
    let fletchLoad: String
    let asyncHTTPClientLoad: String
    let fireLoad: String
    let sink: String
    let loop: String
    let pipeline: String
    let pipelineScript: String
    let article: String
    let agent: String
    let tls: String
    let secure: String
    let pieces: String
    let nginx = "/usr/sbin/nginx"
    let node = "/usr/bin/node"
    let python = "/usr/bin/python3"
    let curl = "/usr/bin/curl"
    let wrk = "/usr/bin/wrk"

    /// - Parameter root: The repository.
    init(root: String) {
        fletch = root + "/.build/release/fletch"
        target = root + "/.build/release/fletch-target"
        fletchLoad = root + "/Benchmarks/.build/release/FletchLoad"
        asyncHTTPClientLoad = root + "/Benchmarks/.build/release/AsyncHTTPClientLoad"
        fireLoad = root + "/Benchmarks/.build/release/FireLoad"
        sink = root + "/Benchmarks/.build/baseline/sink"
        loop = root + "/Benchmarks/.build/baseline/loop"
        pipeline = root + "/Benchmarks/.build/baseline/pipeline"
        pipelineScript = root + "/Benchmarks/Baseline/pipeline.lua"
        article = root + "/Benchmarks/Baseline/article.js"
        agent = root + "/Benchmarks/Baseline/agent.js"
        tls = root + "/Benchmarks/.build/baseline/tls"
        secure = root + "/Benchmarks/Baseline/secure.js"
        pieces = root + "/Benchmarks/Baseline/pieces.py"
    }
}

/// How a sink answers.
enum Sink: String {
    case silent
    /// With a body of four bytes.
    case small = "4"
    /// The same, and never sleeps.
    case awake = "4 awake"
    /// With a hundred bytes, head included.
    case hundredBytes = "61"
    /// With a body of 100 KB.
    case large = "100000"

    var arguments: [String] { rawValue.split(separator: " ").map(String.init) }
}

/// Runs `body` with the port of a sink on the second processor; the first is for what is measured.
func withSink(_ tools: Tools, _ answer: Sink = .small, _ body: (String) throws -> Void) throws {
    let sink = try Command([tools.sink] + answer.arguments).pinned(to: 1).start(outputTo: .pipe)
    defer { sink.end() }
    try body(sink.readLine())
}

func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return .nan }
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

func rounded(_ value: Double, _ decimals: Int = 1) -> String { String(format: "%.\(decimals)f", value) }
