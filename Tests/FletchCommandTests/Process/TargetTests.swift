import FletchTarget
import Foundation
import Testing

/// `--public-only` and `--allow-target`.
@Suite(.timeLimit(.minutes(2))) struct TargetTests {
    /// Records an issue unless the command fails as it does at a refused target.
    private func expectRefusal(
        _ outcome: Shell.Outcome, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(outcome.status == 7, sourceLocation: sourceLocation)
        for word in ["target-refused (not-sent)"] + words {
            #expect(outcome.errors.contains(word), "\(outcome.errors)", sourceLocation: sourceLocation)
        }
    }

    @Test func refusedTargetHasItsStatusCodeAndRule() async throws {
        try await withFletchTarget { target in
            let outcome = try await Shell.fletch("--public-only", "--receipt", "json", target.url)
            expectRefusal(outcome, "127.0.0.0/8 is Loopback, RFC 1122", "except its address")
            #expect(outcome.output.contains("\"code\":\"target-refused\""))
            #expect(outcome.output.contains("\"certainty\":\"not-sent\""))
            #expect(target.records().isEmpty)
        }
    }

    @Test func exceptionIsCalled() async throws {
        try await withFletchTarget { target in
            for exceptions in ["127.0.0.0/8", "10.0.0.0/8,127.0.0.1"] {
                let outcome = try await Shell.fletch(
                    "--until", "answered", "--public-only", "--allow-target", exceptions, target.url)
                #expect(outcome.status == 0, "\(outcome.errors)")
            }
            #expect(await target.waitForRecords { $0.count == 2 }.count == 2)
        }
    }

    /// Forms of an address, names, sockets and proxies.
    @Test(arguments: [
        ["2130706433:1"], ["http://0177.0.0.1:1/"], ["http://0x7f.1:1/"], ["127.1:1"], ["localhost.:1"],
        ["http://[::ffff:127.0.0.1]:1/"], ["--resolve", "h:1:93.184.216.34,127.0.0.1", "h:1"],
        ["-4", "--resolve", "h:1:93.184.216.34,::1", "h:1"], ["--unix-socket", "/run/x.sock", "http://h/"],
        ["-x", "http://127.0.0.1:1", "http://93.184.216.34/"], ["-x", "http://127.0.0.1:1", "https://93.184.216.34/"],
    ])
    func everyWayToItIsRefused(_ arguments: [String]) async throws {
        expectRefusal(try await Shell.run([Shell.fletch, "--public-only"] + arguments))
    }

    @Test func proxyOfTheEnvironmentIsRefused() async throws {
        let environment = ["http_proxy": "http://127.0.0.1:1"]
        expectRefusal(
            try await Shell.fletch("--public-only", "http://93.184.216.34/", environment: environment), "proxy")
        // Where it does not apply it does no harm.
        try await withFletchTarget { target in
            let outcome = try await Shell.fletch(
                "--public-only", "--allow-target", "127.0.0.1", "--noproxy", "127.0.0.1", target.url,
                environment: environment)
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
    }

    @Test func refusalIsNotTriedAgain() async throws {
        let outcome = try await Shell.fletch("--public-only", "--retry", "3", "--retry-unknown", "http://127.0.0.1:1/")
        expectRefusal(outcome)
        #expect(!outcome.errors.contains("attempt"), "\(outcome.errors)")
    }

    @Test func linesOfAVolleyAreRefusedOneByOne() async throws {
        try await withFletchTarget { target in
            let lines = "http://127.0.0.2:1/\n\(target.url)/good\nhttp://[::1]:1/\n"
            let outcome = try await Shell.run(
                [
                    Shell.fletch, "volley", "--summary", "json", "--public-only", "--allow-target", "127.0.0.1",
                    "--retry", "3", "-",
                ], input: lines)
            #expect(outcome.status == 7, "\(outcome.errors)")
            #expect(outcome.output.contains("\"target-refused\":2"), "\(outcome.output)")
            #expect(await target.waitForRecords { $0.count == 1 }.map(\.path) == ["/good"])
        }
    }

    @Test func probeAsksNoRefusedTarget() async throws {
        try await withFletchTarget { target in
            expectRefusal(try await Shell.fletch("probe", "--public-only", target.url), "Loopback")
            #expect(target.records().isEmpty)
        }
    }
}
