import Foundation
import Testing

/// nginx of Debian in a folder of its own, on a port that the system gave out.
enum Nginx {
    static let path = "/usr/sbin/nginx"
    /// Whether it can speak TLS: there are certificates for it to show.
    static let canSecure = FileManager.default.isExecutableFile(atPath: path) && CertificateAuthority.isAvailable

    /// A request in its access log.
    struct Served {
        let method: String
        let path: String
        let status: Int
        let connection: Int
        /// Which one on its connection, from 1.
        let number: Int
        /// Whether it was there already when the one before it was done with.
        let isPipelined: Bool

        init?(_ line: Substring) {
            let words = line.split { $0 == " " || $0 == "\"" }
            guard words.count == 7, let status = Int(words[3]), let connection = Int(words[4]),
                let number = Int(words[5])
            else { return nil }
            method = String(words[0])
            path = String(words[1])
            self.status = status
            self.connection = connection
            self.number = number
            isPipelined = words[6] == "p"
        }
    }

    /// The requests in an access log.
    static func served(_ log: String) throws -> [Served] {
        try log.split(separator: "\n").map { try #require(Served($0), "\($0)") }
    }

    /// Runs `body` with the URL of an nginx whose only server has these directives; its folder is `root`.
    /// - Parameters:
    ///   - certificate: What it shows, where it is to speak TLS.
    ///   - given: A port that the caller has reserved; else it gets one of its own.
    /// - Returns: Its access log.
    @discardableResult
    static func run(
        _ directives: String, as certificate: Certificate? = nil, port given: Int? = nil,
        _ body: (_ url: String, _ root: URL) async throws -> Void
    ) async throws -> String {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("nginx-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: root.path)
        defer { try? FileManager.default.removeItem(at: root) }
        let reserved = try ReservedPort()
        let port = given ?? reserved.number
        let settings = root.appendingPathComponent("nginx.conf")
        let server = "listen 127.0.0.1:\(port) reuseport" + (try await security(certificate)) + directives
        try configuration(root.path, server).write(to: settings, atomically: true, encoding: .utf8)
        // It goes into the background once it listens.
        let started = try await Shell.run([path, "-p", root.path, "-c", settings.path, "-e", "stderr"])
        try #require(started.status == 0, "\(started.errors)")
        do {
            try await body(certificate == nil ? "http://127.0.0.1:\(port)" : "https://localhost:\(port)", root)
        } catch {
            try await quit(root)
            throw error
        }
        try await quit(root)
        return try String(contentsOf: root.appendingPathComponent("log"), encoding: .utf8)
    }

    /// Lets it finish what it has, and waits until it has ended.
    private static func quit(_ root: URL) async throws {
        let text = try String(contentsOf: root.appendingPathComponent("pid"), encoding: .utf8)
        let id = try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        kill(id, SIGQUIT)
        #expect(try await Processes.waitForEnd(id, milliseconds: 20_000))
    }

    private static func security(_ certificate: Certificate?) async throws -> String {
        guard let certificate else { return "; " }
        let authority = try await CertificateAuthority.shared.value
        let (chain, key) = (authority.chain(certificate), authority.key(certificate))
        return " ssl; ssl_certificate \(chain); ssl_certificate_key \(key); "
    }

    private static func configuration(_ root: String, _ server: String) -> String {
        let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(root)/\($0);" }
        return """
            worker_processes 1; pid \(root)/pid; error_log \(root)/errors;
            events { }
            http {
                log_format counted '"$request" $status $connection $connection_requests $pipe';
                access_log \(root)/log counted; client_max_body_size 0; default_type text/html;
                ssl_protocols TLSv1.2 TLSv1.3;
                \(paths.joined(separator: " "))
                server { \(server) }
            }
            """
    }
}
