import Foundation
import Testing

/// Flags before the environment, and that before defaults.
@Suite(.timeLimit(.minutes(3)))
struct SettingsTests {
    @Test func defaultsAreShown() async throws {
        let lines = try await settings([])
        #expect(lines["host"] == "localhost (default)")
        #expect(lines["port"] == "9181 (default)")
        #expect(lines["store"] == "sqlite:fletch.sqlite (default)")
        #expect(lines["concurrency"] == "100 (default)")
        #expect(lines["delivery-timeout"] == "30.0 s (default)")
        #expect(lines["drain-timeout"] == "30.0 s (default)")
        #expect(lines["log-format"] == "text (default)")
        #expect(lines["log-level"] == "info (default)")
        #expect(lines["in docker"] == "no (default)")
    }

    /// What an argument has become whose bytes were not UTF-8 would name another file.
    @Test func storeIsNamedInUTF8() async throws {
        let checked = try await outcome(of: ["check", "--store", "sqlite:f\u{FFFD}.sqlite"])
        #expect(checked.status == 1)
        #expect(checked.printed.contains("a store is sqlite:PATH, in UTF-8"), "\(checked.printed)")
    }

    @Test func environmentComesBeforeDefaults() async throws {
        let lines = try await settings([], ["PORT": "0", "HOST": "localhost"])
        #expect(lines["host"] == "localhost (HOST)")
        #expect(lines["port"] == "0 (PORT)")
    }

    @Test func flagsComeBeforeTheEnvironment() async throws {
        let lines = try await settings(
            ["--port", "0", "--host", "127.0.0.2"], ["PORT": "70000", "HOST": "nowhere.invalid"])
        #expect(lines["host"] == "127.0.0.2 (--host)")
        #expect(lines["port"] == "0 (--port)")
    }

    @Test func dockerOpensItToTheNetworkUnlessAHostIsNamed() async throws {
        let open = try await settings([], ["RUNNING_IN_DOCKER": "1"])
        #expect(open["host"] == "0.0.0.0 (RUNNING_IN_DOCKER)")
        #expect(open["in docker"] == "yes (RUNNING_IN_DOCKER)")
        let named = try await settings([], ["RUNNING_IN_DOCKER": "1", "HOST": "127.0.0.1"])
        #expect(named["host"] == "127.0.0.1 (HOST)")
    }

    @Test func whatIsSetToNothingIsNotSet() async throws {
        let lines = try await settings([], ["PORT": "", "HOST": "", "RUNNING_IN_DOCKER": ""])
        #expect(lines["port"] == "9181 (default)")
        #expect(lines["host"] == "localhost (default)")
        #expect(lines["in docker"] == "no (default)")
    }

    @Test func proxyIsShownWithoutItsPassword() async throws {
        let flag = try await settings(["--proxy", "http://user:secret@proxy.test:3128"])
        #expect(flag["proxy"] == "http://…@proxy.test:3128 (--proxy)")
        let variable = try await settings([], ["FLETCHD_PROXY": "proxy.test", "http_proxy": "http://other.test"])
        #expect(variable["proxy"] == "proxy.test (FLETCHD_PROXY)")
        #expect(try await settings([], ["http_proxy": "http://other.test"])["proxy"] == "none (default)")
    }

    @Test func itListensWhereTheEnvironmentSays() async throws {
        try await withPlace { place in
            let command = [Daemon.path, "--store", place.store, "--log-format", "json"]
            let program = try Program(command, environment: ["PORT": "0", "HOST": "127.0.0.1"])
            let daemon = try await Daemon.listening(program)
            #expect(daemon.api.port != 9_181)
            #expect(try await daemon.api.ask("GET", "/health").status == 200)
            try await daemon.kill()
        }
    }

    @Test(arguments: [[], ["check"]])
    func everyWrongFlagIsNamedAtOnce(_ command: [String]) async throws {
        let refused = try await outcome(
            of: command + [
                "--port", "70000", "--store", "postgres:here", "--concurrency", "0", "--delivery-timeout", "0",
                "--drain-timeout=-1", "--log-format", "xml", "--log-level", "loud",
            ])
        let text = refused.said + refused.printed
        for flag in ["port", "store", "concurrency", "delivery-timeout", "drain-timeout", "log-format", "log-level"] {
            #expect(text.contains("--\(flag) is "), "\(flag): \(text)")
        }
        // To check is to find problems; to run with them is a mistake in the command line.
        #expect(refused.status == (command.isEmpty ? 2 : 1))
    }

    @Test(arguments: ["PORT=eighty", "PORT=70000"])
    func wrongEnvironmentIsAMistakeToo(_ variable: String) async throws {
        let parts = variable.split(separator: "=").map(String.init)
        let refused = try await outcome(of: [], environment: [parts[0]: parts[1]])
        #expect(refused.status == 2)
        #expect(refused.said.contains("PORT is \(parts[1]): a port is a number from 0 to 65535"))
    }

    @Test func unknownFlagIsAMistake() async throws {
        #expect(try await outcome(of: ["--speed", "9"]).status == 2)
    }

    /// What `fletchd check` shows: "value (source)" by name.
    private func settings(_ flags: [String], _ environment: [String: String] = [:]) async throws -> [String: String] {
        try await withPlace { place in
            // In a working directory of its own, where the default store would come to lie.
            let shell = ["/bin/sh", "-c", "cd '\(place.directory)' && exec \"$0\" \"$@\""]
            let checked = try await outcome(of: ["check"] + flags, environment: environment, wrapper: shell)
            var lines: [String: String] = [:]
            for line in checked.printed.split(separator: "\n") where !line.hasPrefix("problem") && line.count > 18 {
                let name = line.prefix(18).trimmingCharacters(in: .whitespaces)
                lines[name] = line.dropFirst(18).replacingOccurrences(of: "  (", with: " (")
            }
            return lines
        }
    }
}
