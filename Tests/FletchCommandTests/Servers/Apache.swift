import Foundation
import Testing

/// Apache of Debian with `mod_ssl`, in a folder of its own, on a port that the system gave out.
enum Apache {
    static let path = "/usr/sbin/apache2"
    /// Whether it is there, with certificates to show.
    static let canSecure = FileManager.default.isExecutableFile(atPath: path) && CertificateAuthority.isAvailable

    /// Runs `body` with the URL of an Apache that speaks TLS and has these directives; its folder is `root`.
    /// - Returns: Its access log: status, version of TLS, request line.
    @discardableResult
    static func run(
        _ directives: String, as certificate: Certificate = .good,
        _ body: (_ url: String, _ root: URL) async throws -> Void
    ) async throws -> String {
        let root = try folder()
        defer { try? FileManager.default.removeItem(at: root) }
        let port = try ReservedPort()
        let settings = try await configuration(root.path, port.number, certificate) + directives
        try Data(settings.utf8).write(to: root.appendingPathComponent("settings"))
        let started = try await Shell.start([path, "-f", root.path + "/settings", "-DFOREGROUND"])
        do {
            try await waitUntilItServes(started)
            try await body("https://localhost:\(port.number)", root)
        } catch {
            kill(started.id, SIGTERM)
            _ = try await started.end()
            throw error
        }
        kill(started.id, SIGTERM)
        _ = try await started.end()
        return try String(contentsOf: root.appendingPathComponent("log"), encoding: .utf8)
    }

    private static func folder() throws -> URL {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("apache-\(UUID().uuidString)")
        let pages = root.appendingPathComponent("html")
        try FileManager.default.createDirectory(at: pages, withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: root.path)
        try Data("done".utf8).write(to: pages.appendingPathComponent("page"))
        return root
    }

    private static func waitUntilItServes(_ started: Started) async throws {
        var said = ""
        while !said.contains("resuming normal operations") {
            let words = try await started.firstWords()
            try #require(!words.isEmpty, "\(said)")
            said += words
        }
    }

    private static func configuration(_ root: String, _ port: Int, _ certificate: Certificate) async throws -> String {
        let authority = try await CertificateAuthority.shared.value
        let modules = ["mpm_event", "ssl", "authz_core", "alias"].map {
            "LoadModule \($0)_module /usr/lib/apache2/modules/mod_\($0).so\n"
        }
        return """
            \(modules.joined())
            ServerName localhost
            PidFile \(root)/pid
            ErrorLog /dev/stderr
            LogFormat "%>s %{SSL_PROTOCOL}x %r" short
            CustomLog \(root)/log short
            DefaultRuntimeDir \(root)
            DocumentRoot \(root)/html
            User nobody
            Group nogroup
            # Shares the port with whoever has reserved it.
            ListenCoresBucketsRatio 1024
            Listen 127.0.0.1:\(port)
            SSLEngine on
            SSLSessionCache none
            SSLCertificateFile \(authority.chain(certificate))
            SSLCertificateKeyFile \(authority.key(certificate))

            """
    }
}
