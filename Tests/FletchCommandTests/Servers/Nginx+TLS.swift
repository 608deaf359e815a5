import Foundation
import Testing

extension Nginx {
    /// Answers 204 where a session was resumed, else 200; each connection serves one request.
    static let tellingResumption = """
        keepalive_timeout 0; ssl_session_cache off;
        location / { if ($ssl_session_reused = r) { return 204; } return 200; }
        """

    /// Runs `body` with the URL of an nginx that speaks TLS at 127.0.0.1, where its only server has `directives`, and
    /// with the file of its certificate, which is for `localhost`.
    static func runTLS(
        _ directives: String = "", _ body: (_ url: String, _ certificate: String) async throws -> Void
    ) async throws {
        try await withCertificate { certificate, key in
            let port = try ReservedPort()
            let number = port.number
            let server = tlsServer("127.0.0.1:\(number)", certificate, key, directives)
            try await run("} " + server.dropLast()) { _, _ in
                try await body("https://localhost:\(number)/", certificate)
            }
        }
    }

    /// A server that speaks TLS and answers everything at once.
    static func tlsServer(_ address: String, _ certificate: String, _ key: String, _ directives: String = "") -> String
    {
        """
        server {
            listen \(address) ssl reuseport; ssl_certificate \(certificate); ssl_certificate_key \(key);
            ssl_protocols TLSv1.2 TLSv1.3; \(directives) location / { return 200 ok; }
        }
        """
    }

    /// Runs `body` with the files of a certificate for `localhost`, which its own key has signed, and of that key.
    static func withCertificate(_ body: (_ certificate: String, _ key: String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (certificate, key) = (folder.path + "/certificate", folder.path + "/key")
        let made = try await Shell.run([
            "/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-days",
            "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out",
            certificate,
        ])
        try #require(made.status == 0, "\(made.errors)")
        try await body(certificate, key)
    }
}
