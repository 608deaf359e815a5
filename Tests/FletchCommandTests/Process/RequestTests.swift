import FletchTarget
import Foundation
import Testing

/// What of curl's options arrives at the origin.
@Suite(.timeLimit(.minutes(2))) struct RequestTests {
    /// Runs the command against a target of its own and returns what the target saw.
    private func send(_ arguments: String..., path: String = "/", input: String = "") async throws -> RequestRecord {
        try await withFletchTarget { target in
            let outcome = try await Shell.run([Shell.fletch] + arguments + [target.url + path], input: input)
            #expect(outcome.status == 0, "\(outcome.errors)")
            return try #require(await target.waitForRecords { $0.first?.isComplete == true }.first)
        }
    }

    private func isBody(_ record: RequestRecord, _ text: String) -> Bool {
        record.bodyChecksum == RequestRecord.checksum(of: text.utf8) && record.bodyBytes == text.utf8.count
    }

    @Test func plainRequestIsAGet() async throws {
        let record = try await send(path: "/a?b=c#fragment")
        #expect(record.method == "GET")
        #expect(record.path == "/a?b=c")
        #expect(record.value(of: "user-agent")?.hasPrefix("fletch/") == true)
        #expect(record.value(of: "content-length") == nil)
    }

    @Test func dataIsJoinedInTheOrderGiven() async throws {
        let record = try await send("-d", "a=1", "--data-raw", "@b", "--data-binary", "c", "-dd=4")
        #expect(record.method == "POST")
        #expect(isBody(record, "a=1&@b&c&d=4"))
        #expect(record.value(of: "content-type") == "application/x-www-form-urlencoded")
    }

    @Test func filesAndStandardInput() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try Data("one\r\ntwo\n".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        #expect(isBody(try await send("-d", "@\(file.path)"), "onetwo"))
        #expect(isBody(try await send("--data-binary", "@\(file.path)"), "one\r\ntwo\n"))
        #expect(isBody(try await send("-d", "@-", input: "in\nput"), "input"))
        #expect(isBody(try await send("--data-binary", "@-", input: "in\nput"), "in\nput"))
        let upload = try await send("-T", file.path, path: "/folder/")
        #expect(upload.method == "PUT")
        #expect(upload.path == "/folder/\(file.lastPathComponent)")
        #expect(isBody(upload, "one\r\ntwo\n"))
    }

    @Test func relativeFileIsFoundFromTheBackground() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("content".utf8).write(to: folder.appendingPathComponent("file"))
        try await withFletchTarget { target in
            let outcome = try await Shell.line("cd '\(folder.path)' && fletch --data-binary @file \(target.url)")
            #expect(outcome.status == 0)
            let record = try #require(await target.waitForRecords { $0.first?.isComplete == true }.first)
            #expect(isBody(record, "content"))
        }
    }

    @Test func json() async throws {
        let record = try await send("--json", "{\"a\":", "--json", "1}")
        #expect(isBody(record, "{\"a\":1}"))
        #expect(record.value(of: "content-type") == "application/json")
        #expect(record.value(of: "accept") == "application/json")
    }

    @Test func dataInTheQuery() async throws {
        let record = try await send("-G", "-d", "a=1", "-d", "b=2", path: "/x?y#z")
        #expect(record.method == "GET")
        #expect(record.path == "/x?y&a=1&b=2")
        #expect(record.bodyBytes == 0)
    }

    @Test func fieldsAreAddedReplacedAndLeftOut() async throws {
        let record = try await send(
            "-H", "X-One: 1", "-H", "X-Empty;", "-H", "Content-Type:", "-H", "User-Agent: mine", "-H", "-odd: yes",
            "-d", "x")
        #expect(record.value(of: "x-one") == "1")
        #expect(record.value(of: "x-empty") == "")
        #expect(record.value(of: "content-type") == nil)
        #expect(record.fields.filter { $0.name.lowercased() == "user-agent" }.map(\.value) == ["mine"])
        #expect(record.value(of: "-odd") == "yes")
    }

    @Test(arguments: [["-H", "Host:"], ["-d", "x", "-H", "content-length: "]])
    func fieldThatIsNeededCannotBeLeftOut(_ arguments: [String]) async throws {
        let outcome = try await Shell.run([Shell.fletch] + arguments + ["http://127.0.0.1:1/"])
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains("without this field"))
    }

    @Test func methodsAndCredentials() async throws {
        #expect(try await send("-XDELETE").method == "DELETE")
        #expect(try await send("-I").method == "HEAD")
        #expect(try await send("-u", "me:pass word").value(of: "authorization") == "Basic bWU6cGFzcyB3b3Jk")
        #expect(try await send("-A", "").value(of: "user-agent") == nil)
    }

    @Test func glueLikeCurl() async throws {
        let record = try await send("-fsSm10", "-XPATCH", "-HX-A: b", "-dbody", "--retry", "5", "-o/dev/null")
        #expect(record.method == "PATCH")
        #expect(record.value(of: "x-a") == "b")
        #expect(isBody(record, "body"))
    }

    @Test func theCronLineOfCurlWorks() async throws {
        try await withFletchTarget { target in
            let outcome = try await Shell.line("fletch -fsS -m 10 --retry 5 -o /dev/null \(target.url)")
            #expect(outcome.status == 0)
            #expect(outcome.output.isEmpty)
            #expect(outcome.errors.isEmpty)
            #expect(target.records().first?.moments.answered != nil)
        }
        var refusing = TargetConfiguration()
        refusing.status = 503
        try await withFletchTarget(refusing) { target in
            let outcome = try await Shell.line("fletch -fsS -m 10 --retry 5 -o /dev/null \(target.url)")
            #expect(outcome.status == 22)
            #expect(target.records().count == 1)
        }
    }

    @Test func receiptsHaveTheKeysOfTheDesign() async throws {
        try await withFletchTarget { target in
            let outcome = try await Shell.fletch("--until", "answered", "--receipt", "json", "-d", "x", target.url)
            let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
            let receipt = try #require(object as? [String: Any])
            #expect(
                Set(receipt.keys) == [
                    "url", "method", "milestone", "status", "bytes_sent", "bytes_received", "reused", "remote", "ms",
                ])
            #expect(receipt["status"] as? Int == 200)
            let moments = try #require(receipt["ms"] as? [String: Any])
            #expect(Set(moments.keys).isSuperset(of: ["connected", "written", "answered"]))
        }
    }

    @Test func urlWithoutASchemeMayHoldOne() async throws {
        try await withFletchTarget { target in
            let host = target.url.dropFirst("http://".count)
            for command in [["-f"], ["probe", "--json"]] {
                let outcome = try await Shell.run([Shell.fletch] + command + ["\(host)/?u=http://x/"])
                #expect(outcome.status == 0, "\(outcome.errors)")
            }
            #expect(target.records().allSatisfy { $0.path == "/?u=http://x/" })
        }
    }

    /// As curl: 0 is no limit, or the default.
    @Test(arguments: [["-m", "0"], ["--connect-timeout", "0"], ["-m", "0.0", "--connect-timeout", "0"]])
    func noughtIsNoLimit(_ options: [String]) async throws {
        var configuration = TargetConfiguration()
        configuration.delay = .milliseconds(100)
        try await withFletchTarget(configuration) { target in
            let outcome = try await Shell.run([Shell.fletch, "-f"] + options + [target.url])
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
    }

    @Test func addressOfTheOtherFamilyIsNotConnectedTo() async throws {
        try await withFletchTarget { target in
            let outcome = try await Shell.fletch("-6", target.url)
            #expect(outcome.status == 6)
            #expect(outcome.errors.contains("not an IPv6 address"), "\(outcome.errors)")
            #expect(target.records().isEmpty)
        }
    }

    @Test func unixSocket() async throws {
        var configuration = TargetConfiguration()
        configuration.unixSocketPath = "/tmp/\(UUID().uuidString.prefix(8)).sock"
        defer { if let path = configuration.unixSocketPath { unlink(path) } }
        try await withFletchTarget(configuration) { target in
            let path = try #require(configuration.unixSocketPath)
            let outcome = try await Shell.fletch("--unix-socket", path, "-d", "x", "http://localhost/there")
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(await target.waitForRecords { $0.first?.isComplete == true }.first?.path == "/there")
        }
    }

    @Test func resolvedByHand() async throws {
        try await withFletchTarget { target in
            let outcome = try await Shell.fletch(
                "--resolve", "made-up.invalid:\(target.port):127.0.0.1", "http://made-up.invalid:\(target.port)/")
            #expect(outcome.status == 0, "\(outcome.errors)")
            let record = try #require(await target.waitForRecords { $0.count == 1 }.first)
            #expect(record.value(of: "host") == "made-up.invalid:\(target.port)")
        }
    }

    @Test func proxiesGetTheAbsoluteForm() async throws {
        try await withFletchTarget { proxy in
            let byOption = try await Shell.fletch(
                "-f", "-x", "http://me:pw@127.0.0.1:\(proxy.port)", "http://far.invalid/a")
            #expect(byOption.status == 0, "\(byOption.errors)")
            let byVariable = try await Shell.fletch(
                "http://far.invalid/b", environment: ["http_proxy": proxy.url, "no_proxy": "near.invalid"])
            #expect(byVariable.status == 0, "\(byVariable.errors)")
            let exempt = try await Shell.fletch(
                "http://near.invalid/c", environment: ["http_proxy": proxy.url, "no_proxy": "near.invalid"])
            #expect(exempt.status == 6)
            let records = await proxy.waitForRecords { $0.count == 2 }
            #expect(records.map(\.path) == ["http://far.invalid/a", "http://far.invalid/b"])
            #expect(records[0].value(of: "proxy-authorization") == "Basic bWU6cHc=")
        }
    }

    @Test func waitsBetweenAttempts() async throws {
        try await withRefusedPort { port in
            for arguments in [["--foreground"], []] {
                let start = ContinuousClock.now
                let refused = try await Shell.run(
                    [Shell.fletch, "--retry", "3", "--retry-delay", "0.2", "http://127.0.0.1:\(port)/"] + arguments)
                #expect(refused.status == 7)
                #expect(ContinuousClock.now - start >= .milliseconds(600))
            }
        }
    }

    @Test func retriesOnlyWhatWasNotSent() async throws {
        try await withRefusedPort { port in
            let refused = try await Shell.fletch(
                "--retry", "2", "--retry-delay", "0.01", "http://127.0.0.1:\(port)/")
            #expect(refused.status == 7)
            #expect(refused.errors.contains("attempt 3"))
        }
        var configuration = TargetConfiguration()
        configuration.behavior = .resetBeforeAnswer
        try await withFletchTarget(configuration) { target in
            let arguments = ["--until", "answered", "--retry", "2", "--retry-delay", "0.01"]
            let careful = try await Shell.run([Shell.fletch] + arguments + [target.url])
            #expect(careful.status == 56)
            #expect(target.records().count == 1)
            let bold = try await Shell.run([Shell.fletch, "--retry-unknown"] + arguments + [target.url])
            #expect(bold.status == 56)
            #expect(target.records().count == 4)
        }
    }

    @Test func helpIsGroupedAndVersionIsShown() async throws {
        let help = try await Shell.fletch("--help")
        #expect(help.status == 0)
        for title in ["THE REQUEST:", "THE BODY:", "TIME AND RETRIES:", "THE CONNECTION:", "--disposal", "--park"] {
            #expect(help.output.contains(title))
        }
        for command in ["volley", "probe"] {
            #expect(help.output.split(separator: "\n").contains { $0.hasPrefix("fletch \(command) <") })
            let own = try await Shell.fletch(command, "--help")
            #expect(own.output.contains("USAGE: fletch \(command) "))
        }
        #expect(try await Shell.fletch("-V").output.hasPrefix("fletch "))
    }

    @Test(arguments: ["--generate-completion-script bash", "--generate-completion-script=bash"])
    func completionsCoverTheSubcommands(_ option: String) async throws {
        let script = try await Shell.line("fletch \(option)")
        #expect(script.status == 0)
        for word in ["#!/bin/bash", "--disposal", "volley", "--pipeline", "probe", "--method"] {
            #expect(script.output.contains(word))
        }
    }
}
