import FletchTarget
import Foundation
import Testing

/// `fletch volley` as a process.
@Suite(.timeLimit(.minutes(3))) struct VolleyTests {
    private struct Summary: Decodable {
        let requests: Int
        let reached: Int
        let failed: Int
        let bad_lines: Int
        let held: Int
        let status: [String: Int]
        let errors: [String: Int]
        let milestones: [String: Int]
        let latency_ms: [String: [String: Double]]
        let bytes_sent: Int
        let bytes_received: Int
        let bytes_avoided: Int
    }

    private func volley(
        _ arguments: String..., input: String = ""
    ) async throws -> (outcome: Shell.Outcome, summary: Summary?) {
        try await volley(arguments, input: input)
    }

    private func volley(
        _ arguments: [String], input: String = ""
    ) async throws -> (outcome: Shell.Outcome, summary: Summary?) {
        let outcome = try await Shell.run([Shell.fletch, "volley", "--summary", "json"] + arguments, input: input)
        return (outcome, try? JSONDecoder().decode(Summary.self, from: Data(outcome.output.utf8)))
    }

    private func withFile<Result>(
        _ content: String = "", _ body: (String) async throws -> Result
    ) async throws -> Result {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("volley-\(UUID().uuidString)")
        try Data(content.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try await body(file.path)
    }

    @Test func linesOfEveryKindArrive() async throws {
        try await withFletchTarget { target in
            let lines = """
                \(target.url)/plain
                {"url":"\(target.url)/json","method":"PUT","header":{"X-A":["1"]},"body":"aGVsbG8="}

                {"url":"\(target.url)/text","body_text":"hello"}
                """
            let (outcome, summary) = try await volley("-H", "X-B: 2", "-", input: lines)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(summary?.reached == 3)
            #expect(summary?.milestones["acknowledged"] == 3)
            let records = await target.waitForRecords { $0.count == 3 && $0.allSatisfy(\.isComplete) }
            #expect(
                Set(records.map { "\($0.method) \($0.path) \($0.bodyBytes)" })
                    == ["GET /plain 0", "PUT /json 5", "POST /text 5"])
            #expect(records.allSatisfy { $0.value(of: "x-b") == "2" })
        }
    }

    @Test func optionsOfABodyHoldForEveryLine() async throws {
        try await withFletchTarget { target in
            let lines = "\u{FEFF}\(target.url)/a?b\n{\"url\":\"\(target.url)/c\"}\n"
            let (outcome, _) = try await volley("-G", "-d", "d=1", "-d", "e", "-", input: lines)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let records = await target.waitForRecords { $0.count == 2 && $0.allSatisfy(\.isComplete) }
            #expect(Set(records.map { "\($0.method) \($0.path)" }) == ["GET /a?b&d=1&e", "GET /c?d=1&e"])
        }
        try await withFletchTarget { target in
            try await withFile("content") { file in
                let (outcome, _) = try await volley("-T", file, "-", input: "\(target.url)/a/\n\(target.url)/b\n")
                #expect(outcome.status == 0, "\(outcome.errors)")
                let name = file.split(separator: "/").last ?? ""
                let records = await target.waitForRecords { $0.count == 2 && $0.allSatisfy(\.isComplete) }
                #expect(
                    Set(records.map { "\($0.method) \($0.path) \($0.bodyBytes)" }) == ["PUT /a/\(name) 7", "PUT /b 7"])
            }
        }
    }

    @Test(arguments: [
        ["-d", "@-", "-"], ["--json", "@-", "-"], ["-T", "-", "-"], ["-H", "@-", "-"], ["-H", "@/dev/stdin", "-"],
        ["-T", "/dev/fd/0", "-"], ["-d", "@-", "/dev/stdin"],
    ])
    func standardInputIsReadForOneThing(_ arguments: [String]) async throws {
        let (outcome, _) = try await volley(arguments, input: "http://127.0.0.1:1/\n")
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains("standard input holds the requests already"), "\(outcome.errors)")
    }

    /// What is open is little: a body of a few bytes needs no descriptor of its own, and others wait.
    @Test(arguments: [
        (100, "127.0.0.1", 40), (100_000, "127.0.0.1", 40), (100_000, "127.0.0.1", 16), (100_000, "localhost", 24),
    ])
    func filesOfManyBodiesFitIntoFewDescriptors(_ size: Int, _ host: String, _ limit: Int) async throws {
        try await withFletchTarget { target in
            try await withFile(String(repeating: "x", count: size)) { file in
                let url = target.url.replacing("127.0.0.1", with: host)
                let line = "{\"url\":\"\(url)\",\"body_file\":\"\(file)\"}"
                let outcome = try await Shell.line(
                    "ulimit -n \(limit) && for i in $(seq 300); do echo '\(line)'; done | fletch volley --until answered --summary json -"
                )
                let summary = try JSONDecoder().decode(Summary.self, from: Data(outcome.output.utf8))
                #expect(outcome.status == 0, "\(outcome.errors)")
                #expect(summary.reached == 300)
            }
        }
    }

    @Test(arguments: [["--connections", "4"], ["--connections", "2", "--pipeline", "32"], ["--reuse", "never"]])
    func everyRequestIsAnsweredAndCounted(_ options: [String]) async throws {
        try await withFletchTarget { target in
            try await withFile((0..<50).map { "\(target.url)/\($0)\n" }.joined()) { file in
                let outcome = try await Shell.run(
                    [Shell.fletch, "volley", "--until", "answered", "--repeat", "20", "--summary", "json"] + options
                        + [file])
                let summary = try JSONDecoder().decode(Summary.self, from: Data(outcome.output.utf8))
                #expect(outcome.status == 0, "\(outcome.errors)")
                #expect(summary.requests == 1_000)
                #expect(summary.reached == 1_000)
                #expect(summary.status == ["2xx": 1_000])
                #expect(summary.bytes_sent > 50_000)
                #expect(summary.latency_ms["answered"]?["p50"] ?? 0 > 0)
                let records = target.records()
                #expect(Set(records.map(\.path)).count == 50)
                #expect(records.count == 1_000)
            }
        }
    }

    @Test func filesOfBodiesThatAreSentAgainAreNotAllHeldOpen() async throws {
        try await withFletchTarget { target in
            try await withFile("hello") { body in
                let line = "{\"url\":\"\(target.url)/\",\"body_file\":\"\(body)\"}\n"
                try await withFile(String(repeating: line, count: 40)) { file in
                    let outcome = try await Shell.line("ulimit -n 45; fletch volley --rate 20 --repeat 2 '\(file)'")
                    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
                    #expect(target.records().count { $0.bodyBytes == 5 } == 80)
                }
            }
        }
    }

    @Test func responsesThatAreNotDownloadedAreCountedAsAvoided() async throws {
        var configuration = TargetConfiguration()
        configuration.bodyBytes = 100_000
        try await withFletchTarget(configuration) { target in
            try await withFile("\(target.url)/\n") { file in
                let (outcome, summary) = try await volley("--repeat", "20", "--until", "answered", file)
                #expect(outcome.status == 0)
                #expect(summary?.bytes_received ?? .max < 20 * 3_000)
                #expect(summary?.bytes_avoided ?? 0 > 20 * 90_000)
            }
        }
    }

    // MARK: What goes wrong

    @Test func badLinesAreNamedAndTheRestGoesOn() async throws {
        try await withFletchTarget { target in
            try await withFile("\(target.url)/1\n{\"url\":\n\(target.url)/2\nhttp://[/\n") { file in
                let (outcome, summary) = try await volley(file)
                #expect(outcome.status == 2)
                #expect(summary?.reached == 2)
                #expect(summary?.bad_lines == 2)
                #expect(outcome.errors.contains("\(file):2: "))
                #expect(outcome.errors.contains("\(file):4: "))
                let (strict, _) = try await volley("--strict", file)
                #expect(strict.status == 2)
                #expect(!strict.errors.contains("\(file):4: "))
                let (quiet, _) = try await volley("-s", file)
                #expect(quiet.errors.isEmpty)
            }
        }
    }

    @Test func fileThatCannotBeReadAndLineThatIsTooLongKeepNothingElseBack() async throws {
        try await withFletchTarget { target in
            let line = String(repeating: "x", count: 65 << 20)
            try await withFile("\(target.url)/1\n\(line)\n\(target.url)/2\n") { file in
                let (outcome, summary) = try await volley("/no/such/file", file)
                #expect(outcome.status == 2)
                #expect(summary?.reached == 2)
                #expect(summary?.bad_lines == 2)
                #expect(outcome.errors.contains("/no/such/file cannot be read"))
                #expect(outcome.errors.contains("\(file):2: "))
                let (strict, _) = try await volley("--strict", "/no/such/file", file)
                #expect(strict.status == 2)
                #expect(target.records().count == 2)
            }
        }
    }

    /// Each origin leaves a connection behind that might serve again.
    @Test func moreOriginsThanDescriptorsAreServed() async throws {
        var configuration = TargetConfiguration()
        configuration.host = "0.0.0.0"
        try await withFletchTarget(configuration) { target in
            let command = "ulimit -n 40; exec '\(Shell.fletch)' volley --summary json --until answered -"
            let started = try await Shell.start(["/bin/sh", "-c", command], input: nil)
            for number in 1...60 {
                try await started.feed("http://127.0.0.\(number):\(target.port)/\n")
                try #require(await target.waitForRecords { $0.count == number }.count == number)
            }
            try started.endInput()
            let output = try await blocking { try started.output.readToEnd() ?? Data() }
            #expect(try await started.end() == 0)
            #expect(try JSONDecoder().decode(Summary.self, from: output).reached == 60)
        }
    }

    @Test func failuresAreNotWrittenOverWhatIsRead() async throws {
        try await withFile("http://127.0.0.1:1/\n") { file in
            let (outcome, _) = try await volley("--failures", file, file)
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains("--failures"))
            #expect(try String(contentsOfFile: file, encoding: .utf8) == "http://127.0.0.1:1/\n")
        }
    }

    /// The next descriptor to be opened would have the number of the closed one.
    @Test func summaryOfWhoHasNoStandardOutputGoesNowhere() async throws {
        try await withRefusedPort { port in
            try await withFile("http://127.0.0.1:\(port)/\n") { file in
                try await withFile { failures in
                    let outcome = try await Shell.line("fletch volley --failures '\(failures)' '\(file)' >&-")
                    #expect(outcome.status == 7)
                    #expect(
                        try String(contentsOfFile: failures, encoding: .utf8) == "http://127.0.0.1:\(port)/\n")
                }
            }
        }
    }

    @Test func failuresAreWrittenAndCanBeFiredAgain() async throws {
        try await withRefusedPort { port in
            try await withFletchTarget { target in
                let bad = "{\"url\":\"http://127.0.0.1:\(port)/\",\"body_text\":\"x\"}"
                try await withFile("\(target.url)/\n\(bad)\n\(target.url)/\n") { file in
                    try await withFile { failures in
                        let (outcome, summary) = try await volley("--failures", failures, file)
                        #expect(outcome.status == 7)
                        #expect(summary?.reached == 2)
                        #expect(summary?.errors == ["connect-failed": 1])
                        #expect(try String(contentsOfFile: failures, encoding: .utf8) == bad + "\n")
                        let (again, _) = try await volley(failures)
                        #expect(again.status == 7)
                    }
                }
            }
        }
    }

    @Test(arguments: [(["--retry-unknown"], 6), ([], 2)])
    func whatMayHaveArrivedIsSentAgainWhereItIsAskedFor(_ options: [String], _ attempts: Int) async throws {
        var configuration = TargetConfiguration()
        configuration.behavior = .resetBeforeAnswer
        try await withFletchTarget(configuration) { target in
            try await withFile("\(target.url)/\n\(target.url)/\n") { file in
                let (outcome, summary) = try await volley(
                    ["-d", "x", "--until", "answered", "--reuse", "never", "--retry", "2", "--retry-delay", "0.01"]
                        + options + [file])
                #expect(outcome.status == 56)
                #expect(summary?.failed == 2)
                #expect(target.records().count == attempts)
            }
        }
    }

    @Test(arguments: [
        (["/no/such/file"], "cannot be read"), (["--rate", "0", "x"], "--rate"),
        (["--pipeline", "0", "x"], "--pipeline"),
        (["--repeat", "2", "-"], "standard input"), (["--until", "queued", "x"], "queued"), ([], "no file"),
        (["--reuse", "sometimes", "x"], "--reuse"), (["--failures", "/no/such/folder/f", "x"], "--failures"),
    ])
    func usageErrorsSayWhatToDo(_ arguments: [String], _ words: String) async throws {
        let outcome = try await Shell.run([Shell.fletch, "volley"] + arguments)
        #expect(outcome.status != 0)
        #expect(outcome.errors.contains(words), "\(outcome.errors)")
    }

    @Test func summaryThatCannotBeWrittenIsAFailure() async throws {
        try await withFletchTarget { target in
            let script = "echo \(target.url)/ | \(Shell.fletch) volley - > /dev/full"
            let outcome = try await Shell.run(["/bin/sh", "-c", script])
            #expect(outcome.status == 23, "\(outcome.errors)")
        }
    }

    @Test func memoryIsBoundedHoweverLargeTheBodiesAre() async throws {
        var configuration = TargetConfiguration()
        configuration.behavior = .neverRead
        try await withFletchTarget(configuration) { target in
            let body = String(repeating: "x", count: 1 << 20)
            let line = "{\"url\":\"\(target.url)/\",\"body_text\":\"\(body)\"}\n"
            try await withFile(String(repeating: line, count: 300)) { file in
                let started = try await Shell.start([
                    Shell.fletch, "volley", "--summary", "none", "--connections", "1", "-s", file,
                ])
                // As much as there may be is under way once nothing more is read of the file.
                #expect(await becomesTrue { Self.isWaiting(started.id) })
                #expect(Self.number("VmHWM:", of: "/proc/\(started.id)/status") < 250 << 10)
                kill(started.id, SIGKILL)
                _ = try await started.end()
            }
        }
    }

    /// Whether it has read a megabyte, and no more between two looks.
    private static func isWaiting(_ process: pid_t) -> Bool {
        let before = number("rchar:", of: "/proc/\(process)/io")
        poll(nil, 0, 100)
        return before > 1 << 20 && number("rchar:", of: "/proc/\(process)/io") == before
    }

    private static func number(_ name: String, of path: String) -> Int {
        let lines = (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: "\n") ?? []
        return lines.first { $0.hasPrefix(name) }.flatMap { Int($0.filter(\.isNumber)) } ?? 0
    }

    // MARK: Time

    @Test(arguments: ["1e-300", "1/99999999999999h"]) func rateMayBeAsLowAsThereAre(_ rate: String) async throws {
        try await withFletchTarget { target in
            try await withFile("\(target.url)/\n\(target.url)/\n") { file in
                let (outcome, summary) = try await volley("--rate", rate, "--duration", "2", file)
                #expect(outcome.status == 0)
                #expect(summary?.reached == 1)
            }
        }
    }

    @Test func rateIsKept() async throws {
        try await withFletchTarget { target in
            try await withFile("\(target.url)/\n") { file in
                let start = ContinuousClock.now
                let (outcome, _) = try await volley("--rate", "100", "--repeat", "51", "--until", "answered", file)
                #expect(outcome.status == 0)
                #expect(ContinuousClock.now - start >= .milliseconds(500))
                #expect(target.records().count == 51)
            }
        }
    }

    @Test func latencyCountsFromTheMomentARequestWasDue() async throws {
        // One connection and 20 ms of work for each: the last of 20 that are due together waits for the 19 before it.
        var configuration = TargetConfiguration()
        configuration.delay = .milliseconds(20)
        try await withFletchTarget(configuration) { target in
            try await withFile("\(target.url)/\n") { file in
                let (_, summary) = try await volley(
                    "--rate", "100000", "--connections", "1", "--repeat", "20", "--until", "answered", file)
                #expect(summary?.latency_ms["answered"]?["max"] ?? 0 > 350)
            }
        }
    }

    @Test func durationEndsIt() async throws {
        try await withFletchTarget { target in
            try await withFile("\(target.url)/\n") { file in
                let (outcome, summary) = try await volley("--duration", "2", "--rate", "50", file)
                #expect(outcome.status == 0)
                #expect((1...102).contains(summary?.reached ?? 0))
            }
        }
    }

    @Test func interruptDrainsAndTellsTheRest() async throws {
        try await withFletchTarget { target in
            try await withFile("\(target.url)/\n") { file in
                let started = try await Shell.start([
                    Shell.fletch, "volley", "--summary", "json", "--rate", "50", "--duration", "60", file,
                ])
                _ = await target.waitForRecords { $0.count >= 5 }
                kill(started.id, SIGINT)
                let output = try await blocking { try started.output.readToEnd() ?? Data() }
                #expect(try await started.end() == 130)
                let summary = try JSONDecoder().decode(Summary.self, from: output)
                #expect(summary.reached == summary.requests)
                #expect(summary.reached >= 5)
                #expect(summary.held == 0)
            }
        }
    }

    /// `nohup`, and what a shell runs in the background.
    @Test(arguments: [SIGHUP, SIGINT]) func signalThatIsIgnoredStaysSo(_ number: Int32) async throws {
        try await withFletchTarget { target in
            let started = try await Shell.start(
                ["/bin/sh", "-c", "trap '' \(number); exec \"$0\" volley --summary json -", Shell.fletch], input: nil)
            try await started.feed("\(target.url)/1\n")
            _ = await target.waitForRecords { $0.count == 1 }
            kill(started.id, number)
            try await started.feed("\(target.url)/2\n")
            _ = await target.waitForRecords { $0.count == 2 }
            try started.endInput()
            let output = try await blocking { try started.output.readToEnd() ?? Data() }
            #expect(try await started.end() == 0)
            #expect(try JSONDecoder().decode(Summary.self, from: output).reached == 2)
        }
    }

    @Test func lineIsSentAlthoughTheNextHasNotComeAndAnInterruptEndsTheWaiting() async throws {
        try await withFletchTarget { target in
            let started = try await Shell.start(
                [Shell.fletch, "volley", "--summary", "json", "-"], input: nil)
            try await started.feed("\(target.url)/\n")
            #expect(await target.waitForRecords { $0.count == 1 }.count == 1)
            kill(started.id, SIGINT)
            let output = try await blocking { try started.output.readToEnd() ?? Data() }
            #expect(try await started.end() == 130)
            #expect(try JSONDecoder().decode(Summary.self, from: output).reached == 1)
            try started.endInput()
        }
    }

    @Test func interruptEndsTheWaitForTheWriterOfANamedPipe() async throws {
        try await withFile { path in
            try FileManager.default.removeItem(atPath: path)
            #expect(mkfifo(path, 0o600) == 0)
            let started = try await Shell.start([Shell.fletch, "volley", path])
            // Its handler is there once it waits.
            while try await !isCaught(SIGINT, started.id) { await Task.yield() }
            kill(started.id, SIGINT)
            #expect(try await started.end() == 130)
        }
    }

    @Test func secondInterruptEndsAtOnceAndLosesNoLine() async throws {
        var configuration = TargetConfiguration()
        configuration.behavior = .neverAnswer
        try await withFletchTarget(configuration) { target in
            try await withFile("\(target.url)/\n") { file in
                try await withFile { failures in
                    let started = try await Shell.start([
                        Shell.fletch, "volley", "--summary", "json", "--until", "answered", "--repeat", "10",
                        "--failures", failures, file,
                    ])
                    _ = await target.waitForRecords { $0.count >= 10 }
                    kill(started.id, SIGINT)
                    // A signal that comes while the same one is pending is none.
                    while try await isPending(SIGINT, started.id) { await Task.yield() }
                    kill(started.id, SIGINT)
                    let output = try await blocking { try started.output.readToEnd() ?? Data() }
                    #expect(try await started.end() == 130)
                    let summary = try JSONDecoder().decode(Summary.self, from: output)
                    #expect(summary.errors == ["client-closed": 10])
                    let lines = try String(contentsOfFile: failures, encoding: .utf8).split(separator: "\n")
                    #expect(lines.count == 10)
                }
            }
        }
    }

    private func isPending(_ signal: Int32, _ process: pid_t) async throws -> Bool {
        try has(signal, in: "ShdPnd:", process)
    }

    private func isCaught(_ signal: Int32, _ process: pid_t) async throws -> Bool {
        try has(signal, in: "SigCgt:", process)
    }

    private func has(_ signal: Int32, in set: String, _ process: pid_t) throws -> Bool {
        let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix(set) }
        let mask = line.flatMap { UInt64($0.split(separator: "\t").last ?? "", radix: 16) } ?? 0
        return mask >> (UInt64(signal) - 1) & 1 == 1
    }
}
