import Fletch
import Foundation
import Testing

/// TLS sessions that nginx offers, on connections that end as soon as there is an answer.
@Suite(
    .timeLimit(.minutes(1)),
    .enabled(
        if: [Nginx.path, "/usr/bin/openssl"].allSatisfy(FileManager.default.isExecutableFile(atPath:)),
        "nginx or openssl is not installed"))
struct NginxSessionTests {
    @Test func everyConnectionAfterTheFirstResumesItsSession() async throws {
        let secured = try await secured(count: 12)
        #expect(secured.map(\.isResumed) == [false] + Array(repeating: true, count: 11))
        #expect(secured.allSatisfy { $0.earlyData == .notUsed })
    }

    /// The answer to early data comes before a new session would: the old ones have to do.
    @Test func everyConnectionAfterTheFirstSendsEarlyData() async throws {
        let secured = try await secured(count: 12) { $0.usesEarlyData = true }
        #expect(secured.map(\.earlyData) == [.notUsed] + Array(repeating: .accepted, count: 11))
    }

    /// How so many connections were secured, one after the other.
    private func secured(count: Int, _ change: (inout TLSSettings) -> Void = { _ in }) async throws -> [Security] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sessions-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (key, certificate) = (folder.path + "/key", folder.path + "/certificate")
        let made = try await Shell.run([
            "/usr/bin/openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
            "-subj",
            "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
        ])
        try #require(made.status == 0, "\(made.errors)")
        var configuration = Configuration()
        configuration.proxy = .none
        configuration.reusesConnections = false
        configuration.tls.authorityFile = certificate
        change(&configuration.tls)
        let port = try ReservedPort()
        let directives = """
            listen 127.0.0.1:\(port.number) ssl reuseport; ssl_early_data on; ssl_protocols TLSv1.3;
            ssl_certificate \(certificate); ssl_certificate_key \(key); return 200 "ok";
            """
        var secured: [Security] = []
        try await Nginx.run(directives) { _, _ in
            try await withFletchClient(configuration) { client in
                for _ in 0..<count {
                    let request = FletchRequest(.get, "https://127.0.0.1:\(port.number)/")
                    secured.append(try #require(await client.send(request, until: .answered).security))
                }
            }
        }
        return secured
    }
}
