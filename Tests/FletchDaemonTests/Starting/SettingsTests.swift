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
        #expect(lines["connections"] == "4096 (default)")
        #expect(lines["delivery-timeout"] == "30.0 s (default)")
        #expect(lines["drain-timeout"] == "30.0 s (default)")
        #expect(lines["maximum-jobs"] == "none (default)")
        #expect(lines["maximum-bytes"] == "none (default)")
        #expect(lines["maximum-queues"] == "100000 (default)")
        #expect(lines["log-format"] == "text (default)")
        #expect(lines["log-level"] == "info (default)")
        #expect(lines["in docker"] == "no (default)")
    }

    @Test func connectionsAreLimitedByFlagOrEnvironment() async throws {
        let environment = ["MAXIMUM_CONNECTIONS": "20"]
        #expect(try await settings([], environment)["connections"] == "20 (MAXIMUM_CONNECTIONS)")
        let lines = try await settings(["--maximum-connections", "10"], environment)
        #expect(lines["connections"] == "10 (--maximum-connections)")
        let refused = try await outcome(of: ["--maximum-connections", "0"])
        #expect(refused.said.contains("--maximum-connections is 0: at least 1"), "\(refused.said)")
        // More than there can be descriptors for: that is a problem only where somebody asks for it.
        let checked = try await outcome(of: ["check", "--port", "0", "--maximum-connections", "1000000"])
        #expect(checked.printed.contains("clients at once, not 1000000"), "\(checked.printed)")
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

    @Test func quotasAreShown() async throws {
        let lines = try await settings(["--maximum-jobs", "5"], ["MAXIMUM_JOBS": "7", "MAXIMUM_BYTES": "1000000"])
        #expect(lines["maximum-jobs"] == "5 (--maximum-jobs)")
        #expect(lines["maximum-bytes"] == "1000000 (MAXIMUM_BYTES)")
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

    @Test func whoeverReachesThePortMayNotBeAnybodyUnlessThatIsSaid() async throws {
        for (flags, environment) in [
            (["--host", "0.0.0.0"], [:]), ([], ["HOST": "192.0.2.1"]), (["--host", "example.com"], [:]),
            (["--host", "::"], [:]), (["--host", "127.0.0.1.example.com"], [:]),
        ] as [([String], [String: String])] {
            let refused = try await outcome(of: ["--port", "0"] + flags, environment: environment)
            #expect(refused.status == 2)
            #expect(refused.said.contains("--anonymous") && refused.said.contains("PASSPHRASES"), "\(refused.said)")
        }
        for (flags, environment) in [
            (["--host", "0.0.0.0", "--anonymous"], [:]), (["--host", "127.0.0.9"], [:]), (["--host", "::1"], [:]),
            (["--host", "0.0.0.0"], ["PASSPHRASES": "a passphrase to test with"]),
            ([], ["RUNNING_IN_DOCKER": "1"]),
        ] as [([String], [String: String])] {
            let checked = try await outcome(of: ["check", "--port", "0"] + flags, environment: environment)
            #expect(!checked.printed.contains("--anonymous where"), "\(checked.printed)")
        }
    }

    @Test func secretsAreNeverShown() async throws {
        let secrets = [
            "PASSPHRASES": "passphrase-one:passphrase-two-is-longer", "INCIDENT_RECEIVER_PASSPHRASE": "incident-secret",
            "INCIDENT_RECEIVER_ENDPOINT": "http://user:url-secret@127.0.0.1/",
            "FLETCHD_ENCRYPTION_KEY": Data(repeating: 1, count: 32).base64EncodedString(),
        ]
        let checked = try await outcome(of: ["check", "--port", "0"], environment: secrets)
        for secret in ["passphrase-one", "passphrase-two", "incident-secret", "url-secret", "AQEBAQ"] {
            #expect(!checked.printed.contains(secret) && !checked.said.contains(secret))
        }
        let lines = try await settings([], secrets)
        #expect(lines["passphrases"] == "2 (PASSPHRASES)")
        #expect(lines["targets"] == "public (PASSPHRASES)")
        #expect(lines["request-limit"] == "10000/min (default)")
        #expect(lines["incident receiver"] == "set (INCIDENT_RECEIVER_ENDPOINT)")
    }

    @Test func shortPassphraseIsTakenWithAWarning() async throws {
        let checked = try await outcome(of: ["check", "--port", "0"], environment: ["PASSPHRASES": "short"])
        #expect(checked.printed.contains("warning: PASSPHRASES has a passphrase of fewer than 16 bytes"))
        #expect(checked.printed.contains("warning: tokens are stored as they are: set FLETCHD_ENCRYPTION_KEY"))
        try await withPlace { place in
            try await withDaemon(place, environment: ["PASSPHRASES": "short"]) { daemon in
                #expect(daemon.program.said.value.contains("fewer than 16 bytes"))
                let usage = try await daemon.api.with(passphrase: "short").ask("DELETE", "/usage")
                #expect(usage.status == 200)
            }
        }
    }

    @Test func secretsMayBeInFiles() async throws {
        try await withPlace { place in
            try place.write("first passphrase\nsecond passphrase\n", to: "passphrases")
            let environment = ["PASSPHRASES_FILE": place.path("passphrases")]
            try await withDaemon(place, environment: environment) { daemon in
                for passphrase in ["first passphrase", "second passphrase"] {
                    let usage = try await daemon.api.with(passphrase: passphrase).ask("DELETE", "/usage")
                    #expect(usage.status == 200)
                }
            }
            let both = try await outcome(of: [], environment: environment.merging(["PASSPHRASES": "x"]) { $1 })
            #expect(both.status == 2 && both.said.contains("both set"))
            let missing = try await outcome(of: [], environment: ["PASSPHRASES_FILE": place.path("missing")])
            #expect(missing.status == 2 && missing.said.contains("cannot be read"))
        }
    }

    @Test(arguments: [
        ("FLETCHD_ENCRYPTION_KEY", "short", "32 bytes in base64"), ("JWT_PUBLIC_KEY", "{}", "JWKS"),
        ("JWT_PUBLIC_KEY", "-----BEGIN RSA PRIVATE KEY-----\nx\n-----END RSA PRIVATE KEY-----", "private key"),
        ("JWT_PUBLIC_KEY", "/nowhere/key.pem", "can be read"), ("PASSPHRASES", ":", "holds no passphrase"),
        ("ALLOW_ORIGIN", "ui.example", "https://example.com"),
        ("ALLOW_ORIGIN", "https://a.example/b", "https://example.com"),
        ("WEBHOOK_SIGNING_PRIVATE_KEY", "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----", "RSA private key"),
        ("WEBHOOK_SECRET", "whsec_AAAA secret", "24 to 64 bytes"), ("INCIDENT_RECEIVER_ENDPOINT", "ftp://x", "http://"),
        ("REQUEST_LIMIT", "0", "at least 1"), ("ALLOW_TARGET", "10/8", "10.0.0.0/8"),
        ("TRUSTED_PROXY", "nginx", "10.0.0.0/8"),
    ])
    func settingThatIsNoneIsNamedWithTheRemedy(_ name: String, _ value: String, _ remedy: String) async throws {
        let refused = try await outcome(of: ["--port", "0"], environment: [name: value])
        #expect(refused.status == 2, "\(refused.said)")
        #expect(refused.said.contains(name) && refused.said.contains(remedy), "\(refused.said)")
        let checked = try await outcome(of: ["check", "--port", "0"], environment: [name: value])
        #expect(checked.status == 1)
        #expect(checked.printed.contains(name), "\(checked.printed)")
    }

    /// It may be one all the same, in a form that is not known.
    @Test func keyThatIsNoneIsNotShown() async throws {
        for name in ["JWT_PUBLIC_KEY", "WEBHOOK_SIGNING_PRIVATE_KEY"] {
            let refused = try await outcome(of: ["check", "--port", "0"], environment: [name: "c2VjcmV0IGtleQ=="])
            #expect(refused.status == 1)
            #expect(!(refused.printed + refused.said).contains("c2VjcmV0"))
        }
    }

    @Test func emptyFileOfPassphrasesOpensNothing() async throws {
        try await withPlace { place in
            try place.write("\n", to: "empty")
            let environment = ["RUNNING_IN_DOCKER": "1", "PASSPHRASES_FILE": place.path("empty")]
            let refused = try await outcome(of: ["--port", "0", "--store", place.store], environment: environment)
            #expect(refused.status == 2 && refused.said.contains("PASSPHRASES_FILE holds no passphrase"))
        }
    }

    @Test func settingsWithoutEffectAreSaid() async throws {
        let open = try await outcome(of: ["check", "--port", "0", "--allow-target", "10.0.0.0/8"])
        #expect(open.printed.contains("warning: --allow-target restricts nothing"))
        let closed = try await outcome(
            of: ["check", "--port", "0", "--allow-origin", "*", "--anonymous"],
            environment: ["PASSPHRASES": "a passphrase to test with"])
        #expect(closed.printed.contains("warning: --allow-origin is *: every page may use a passphrase"))
        #expect(closed.printed.contains("warning: --anonymous changes nothing"))
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

    @Test(arguments: [
        ("45", "45.0 s"), ("0.25", "0.25 s"), ("90s", "90.0 s"), ("5m", "300.0 s"), ("250ms", "0.25 s"),
        ("1d", "86400.0 s"),
    ])
    func timeoutsAreDurationsOrSeconds(_ text: String, _ shown: String) async throws {
        for name in ["delivery-timeout", "drain-timeout"] {
            #expect(try await settings(["--\(name)", text])[name] == "\(shown) (--\(name))")
        }
    }

    @Test(arguments: ["25h", "2d", "5 m", "m", "nan", "inf", "90000", "soon"])
    func timeoutThatIsNoDurationOfAtMostADayIsRefused(_ text: String) async throws {
        for name in ["delivery-timeout", "drain-timeout"] {
            let refused = try await outcome(of: ["--\(name)=\(text)"])
            #expect(refused.status == 2)
            #expect(refused.said.contains("--\(name) is "), "\(refused.said)")
            #expect(refused.said.contains("at most a day, as 90s or 5m, or seconds"), "\(refused.said)")
        }
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
