import FletchTarget
import Foundation
import Testing

/// Behind nginx, which aborts the work of a client that leaves early: the reason for the disposal `automatic`.
@Suite(
    .timeLimit(.minutes(2)),
    .enabled(if: FileManager.default.isExecutableFile(atPath: Nginx.path), "nginx is not installed"))
struct NginxTests {
    private static func origin(_ delay: Duration = .seconds(1)) -> TargetConfiguration {
        var configuration = TargetConfiguration()
        configuration.delay = delay
        configuration.onDisconnect = .abort
        return configuration
    }

    /// Sends one request through nginx, with disposal `automatic`, and says what became of the work.
    private func work(_ configuration: TargetConfiguration = origin(), proxy: String = "") async throws
        -> RequestRecord.Work
    {
        try await withFletchTarget(configuration) { target in
            try await Nginx.run("location / { proxy_pass \(target.url); \(proxy) }") { url, _ in
                let outcome = try await Shell.fletch("-d", "work", url)
                #expect(outcome.status == 0, "\(outcome.errors)")
                _ = await target.waitForRecords { $0.contains { $0.work != .pending } }
            }
            return try #require(target.records().first).work
        }
    }

    @Test(arguments: ["close", "reset"])
    func leavingEarlyLosesTheWork(disposal: String) async throws {
        try await withFletchTarget(Self.origin(.seconds(30))) { target in
            let log = try await Nginx.run("location / { proxy_pass \(target.url); }") { url, _ in
                let outcome = try await Shell.fletch("-d", "work", "--disposal", disposal, url)
                #expect(outcome.status == 0, "\(outcome.errors)")
            }
            // 499: the client has gone. Where nginx had not reached the origin yet, that never sees the request.
            #expect(log.contains("\" 499 "))
            #expect(target.records().allSatisfy { $0.work != .done })
        }
    }

    @Test func automaticLosesNothing() async throws {
        #expect(try await work() == .done)
    }

    @Test func automaticLosesNothingOfAHandlerThatSendsItsHeadAndWorksOn() async throws {
        var configuration = Self.origin()
        configuration.behavior = .headThenWork
        configuration.isChunked = true
        #expect(try await work(configuration, proxy: "proxy_buffering off;") == .done)
    }

    @Test func automaticLosesNothingBehindAHeadLargerThanItsWindow() async throws {
        var configuration = Self.origin()
        configuration.headBytes = 8_000
        #expect(try await work(configuration, proxy: "proxy_buffer_size 16k; proxy_buffers 8 16k;") == .done)
    }

    @Test func largeBodyArrivesWhole() async throws {
        let body = String(repeating: "0123456789", count: 400_000)
        for disposal in ["automatic", "close", "reset"] {
            try await withFletchTarget { target in
                // nginx takes the whole body before it connects, and must not mind that the client has gone.
                let directives = "location / { proxy_pass \(target.url); proxy_ignore_client_abort on; }"
                try await Nginx.run(directives) { url, _ in
                    let outcome = try await Shell.fletch(
                        "--disposal", disposal, "--data-binary", "@-", url, input: body)
                    #expect(outcome.status == 0, "\(outcome.errors)")
                    let record = await target.waitForRecords { $0.contains(where: \.isComplete) }.first
                    #expect(record?.bodyChecksum == RequestRecord.checksum(of: body.utf8))
                }
            }
        }
    }

    @Test func largeFileCostsNoMoreThanTheWindow() async throws {
        try await Nginx.run("location / { root html; }") { url, root in
            try FileManager.default.createDirectory(
                at: root.appendingPathComponent("html"), withIntermediateDirectories: true)
            let file = root.appendingPathComponent("html/large")
            try Data(repeating: 120, count: 1_000_000).write(to: file)
            let outcome = try await Shell.fletch("-f", "--receipt", "json", "--foreground", url + "/large")
            #expect(outcome.status == 0, "\(outcome.errors)")
            let receipt = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
            #expect(try #require(receipt?["bytes_received"] as? Int) <= 2_304)
            #expect(receipt?["milestone"] as? String == "answered")
        }
    }

    @Test func statusesAndFailuresAreToldApart() async throws {
        try await Nginx.run("location /gone { return 410; } location /drop { return 444; }") { url, _ in
            for (arguments, status) in [
                (["-f", url + "/gone"], 22), (["-f", url + "/drop"], 52), ([url + "/drop"], 0),
            ] {
                let outcome = try await Shell.run([Shell.fletch] + arguments)
                #expect(Int(outcome.status) == status)
            }
        }
    }
}
