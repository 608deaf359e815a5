import FletchTarget
import Foundation
import Testing

/// `fletch probe` against nginx, with and without TLS.
@Suite(
    .timeLimit(.minutes(2)),
    .enabled(if: FileManager.default.isExecutableFile(atPath: Nginx.path), "nginx is not installed"))
struct ProbeNginxTests {
    @Test func proxyThatAbortsIsSeenToDoSo() async throws {
        var configuration = TargetConfiguration()
        configuration.delay = .milliseconds(300)
        try await withFletchTarget(configuration) { target in
            _ = try await Nginx.run(
                """
                location / { proxy_pass \(target.url); }
                location /on { proxy_pass \(target.url); proxy_ignore_client_abort on; }
                """
            ) { url, _ in
                let aborting = try await ProbeOutput.probe("--method", "POST", url)
                #expect(aborting.half_close.result == "aborted")
                #expect(aborting.recommended.close.result == "unsafe")
                #expect(aborting.sent["POST"] == 2)
                let patient = try await ProbeOutput.probe("--method", "POST", url + "/on")
                #expect(patient.half_close.result == "answered", "\(patient.half_close.detail)")
                #expect(patient.recommended.close.result == "probably-safe")
            }
        }
    }

    @Test func originThatRefusesHeadIsTriedWithWhatItTakes() async throws {
        let directives = "location / { if ($request_method ~ HEAD|OPTIONS) { return 405; } return 200 okay; }"
        try await Nginx.run(directives) { url, _ in
            let output = try await ProbeOutput.probe("--method", "GET", url)
            #expect(output.answers.map(\.status) == [405, 405, 200])
            #expect(output.answers.last?.length == 4)
            #expect(output.keep_alive.result == "yes")
            #expect(output.sent["HEAD"] == 1)
            #expect(output.sent["GET"] ?? 0 >= 6)
        }
    }

    @Test func originThatEndsEachConnectionIsSeenToDoSo() async throws {
        try await Nginx.run("keepalive_timeout 0; location / { return 200 ok; }") { url, _ in
            let output = try await ProbeOutput.probe(url)
            #expect(output.keep_alive.result == "no")
            #expect(output.pipelining.result == "not-tried")
            #expect(output.recommended.reuse.result == "no")
        }
    }

    // MARK: TLS

    @Test func sessionsAndEarlyDataAreSeen() async throws {
        try await Nginx.runTLS("ssl_early_data on;") { url, certificate in
            let output = try await ProbeOutput.probe("-4", "--cacert", certificate, url)
            #expect(output.tls == "TLSv1.3")
            #expect(output.resumption.result == "yes", "\(output.resumption.detail)")
            #expect(output.early_data.result == "yes", "\(output.early_data.detail)")
            #expect(output.recommended.early_data.result == "yes")
            #expect(output.pipelining.result == "yes")
            #expect(output.half_close.result == "answered")
        }
    }

    @Test(arguments: ["1.2", "1.3"]) func sessionsWithoutEarlyDataAreSeen(_ version: String) async throws {
        try await Nginx.runTLS("ssl_early_data off;") { url, certificate in
            let output = try await ProbeOutput.probe("-4", "--tls-max", version, "--cacert", certificate, url)
            #expect(output.tls == "TLSv\(version)")
            #expect(output.resumption.result == "yes", "\(output.resumption.detail)")
            #expect(output.early_data.result == "no")
        }
    }

    @Test(arguments: ["1.2", "1.3"]) func endpointWithoutSessionsIsSeenToHaveNone(_ version: String) async throws {
        try await Nginx.runTLS("ssl_session_tickets off; ssl_session_cache off;") { url, certificate in
            let output = try await ProbeOutput.probe("-4", "--tls-max", version, "--cacert", certificate, url)
            #expect(output.resumption.result == "no")
            #expect(output.early_data.result == "no")
        }
    }

    @Test func untrustedCertificateEndsTheProbe() async throws {
        try await Nginx.runTLS("") { url, _ in
            let outcome = try await Shell.fletch("probe", "-4", url)
            #expect(outcome.status == 60, "\(outcome.errors)")
        }
    }
}
