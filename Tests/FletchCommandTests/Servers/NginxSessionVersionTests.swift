import Foundation
import Testing

/// TLS sessions of either version are resumed, however the connections ended that they came with.
@Suite(
    .timeLimit(.minutes(2)),
    .enabled(if: FileManager.default.isExecutableFile(atPath: Nginx.path), "nginx is not installed"))
struct NginxSessionVersionTests {
    private func areResumed(_ arguments: [String], environment: [String: String] = [:]) async throws -> [Bool] {
        let outcome = try await Shell.run(
            [Shell.fletch, "-v", "--until", "answered"] + arguments, environment: environment)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return outcome.errors.split(separator: "\n").filter { $0.hasPrefix("* secured") }.map { $0.contains("resumed") }
    }

    @Test(arguments: ["1.2", "1.3"]) func connectionThatEndsWithAResetLeavesItsSessionUsable(
        version: String
    ) async throws {
        try await Nginx.runTLS { url, certificate in
            let resumed = try await areResumed([
                "-4", "--disposal", "reset", "--no-session-cache", "--tls-max", version, "--cacert", certificate, url,
                url, url,
            ])
            #expect(resumed == [false, true, true])
        }
    }

    @Test(arguments: ["1.2", "1.3"]) func sessionOfferedInPlaceOfAnUnusableOneIsKept(version: String) async throws {
        try await Nginx.withCertificate { certificate, key in
            let port = try ReservedPort()
            let number = port.number
            // Two servers of one name, neither of which knows the other's sessions.
            let servers = ["127.0.0.1", "127.0.0.2"].map { Nginx.tlsServer("\($0):\(number)", certificate, key) }
            try await Nginx.run("} " + servers.joined(separator: " ").dropLast()) { _, root in
                var resumed: [Bool] = []
                for address in ["127.0.0.1", "127.0.0.2", "127.0.0.2"] {
                    resumed += try await areResumed(
                        [
                            "--resolve", "localhost:\(number):\(address)", "--tls-max", version, "--cacert",
                            certificate,
                            "https://localhost:\(number)/",
                        ], environment: ["XDG_CACHE_HOME": root.path])
                }
                #expect(resumed == [false, false, true])
            }
        }
    }
}
