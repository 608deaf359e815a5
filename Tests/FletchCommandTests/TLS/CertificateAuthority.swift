import Foundation
import Testing

/// A throw-away authority, made by `openssl` in a temporary folder once in this process: a root, an intermediate, and
/// a certificate of every kind.
struct CertificateAuthority: Sendable {
    static let path = "/usr/bin/openssl"
    static let isAvailable = FileManager.default.isExecutableFile(atPath: path)

    /// Made by whoever asks first.
    static let shared = Task { try await CertificateAuthority() }

    private static let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("authority-\(UUID().uuidString)")

    /// The root's certificate, as `--cacert` takes it.
    let root = Self.file("root.pem")
    /// The folder for `--capath`: the root's certificate under the name that its hash gives it.
    let directory = Self.file("hashed")

    /// What a server (or a client) shows: the certificate, and in most cases the one that signed it.
    func chain(_ certificate: Certificate) -> String { Self.file("\(certificate).chain") }

    func key(_ certificate: Certificate) -> String { Self.file("\(certificate).key") }

    /// The pin of a certificate's public key, as curl's `--pinnedpubkey` has it.
    func pin(_ certificate: Certificate) async throws -> String {
        let line = """
            openssl x509 -in '\(chain(certificate))' -noout -pubkey | openssl pkey -pubin -outform der \
            | openssl dgst -sha256 -binary | openssl base64
            """
        let made = try await Shell.run(["/bin/sh", "-c", line])
        return "sha256//" + made.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private init() async throws {
        let files = FileManager.default
        try files.createDirectory(atPath: directory, withIntermediateDirectories: true)
        atexit { try? FileManager.default.removeItem(at: CertificateAuthority.folder) }
        try Data(Self.configuration.utf8).write(to: URL(fileURLWithPath: Self.file("settings")))
        try Data().write(to: URL(fileURLWithPath: Self.file("index")))
        for authority in ["root", "stranger"] { try await Self.selfSign(authority, extensions: "authority") }
        try await Self.request("intermediate", keyAlgorithm: Certificate.good.keyAlgorithm, name: "intermediate")
        try await Self.sign("intermediate", by: "root", extensions: "authority", Certificate.good.validity)
        for certificate in Certificate.allCases { try await Self.issue(certificate) }
        try files.copyItem(atPath: root, toPath: directory + "/root.pem")
        try await Self.openssl("rehash", directory)
    }

    private static func issue(_ certificate: Certificate) async throws {
        let name = certificate.rawValue
        if certificate.issuer == .itself {
            try await selfSign(name, extensions: name)
        } else {
            try await request(name, keyAlgorithm: certificate.keyAlgorithm, name: certificate.commonName)
            try await sign(name, by: certificate.issuer.rawValue, extensions: name, certificate.validity)
        }
        var chain = try Data(contentsOf: URL(fileURLWithPath: file("\(name).pem")))
        if certificate.isSentWithItsIssuer {
            chain += try Data(contentsOf: URL(fileURLWithPath: file("intermediate.pem")))
        }
        try chain.write(to: URL(fileURLWithPath: file("\(name).chain")))
    }

    private static func selfSign(_ name: String, extensions: String) async throws {
        try await openssl(
            "req", "-x509", "-config", file("settings"), "-extensions", extensions, "-days", "30",
            "-subj", "/CN=\(name)", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc",
            "-keyout", file("\(name).key"), "-out", file("\(name).pem"))
    }

    private static func request(_ file: String, keyAlgorithm: [String], name: String) async throws {
        let arguments = [
            "-noenc", "-keyout", Self.file("\(file).key"), "-out", Self.file("\(file).request"), "-subj", "/CN=\(name)",
        ]
        try await openssl(["req", "-new", "-config", Self.file("settings"), "-newkey"] + keyAlgorithm + arguments)
    }

    private static func sign(
        _ name: String, by issuer: String, extensions: String, _ validity: (start: String, end: String)
    ) async throws {
        try await openssl(
            "ca", "-batch", "-notext", "-config", file("settings"), "-extensions", extensions,
            "-cert", file("\(issuer).pem"), "-keyfile", file("\(issuer).key"), "-in", file("\(name).request"),
            "-out", file("\(name).pem"), "-startdate", validity.start, "-enddate", validity.end)
    }

    private static func openssl(_ arguments: String...) async throws { try await openssl(arguments) }

    private static func openssl(_ arguments: [String]) async throws {
        let made = try await Shell.run([path] + arguments)
        try #require(made.status == 0, "openssl \(arguments[0]): \(made.errors)")
    }

    private static func file(_ name: String) -> String { folder.appendingPathComponent(name).path }

    private static var configuration: String {
        """
        [req]
        distinguished_name = name
        prompt = no
        [name]
        commonName = overridden
        [ca]
        default_ca = signing
        [signing]
        database = \(file("index"))
        new_certs_dir = \(folder.path)
        default_md = sha256
        policy = any
        rand_serial = yes
        [any]
        commonName = supplied
        [authority]
        basicConstraints = critical, CA:TRUE
        keyUsage = critical, keyCertSign
        subjectKeyIdentifier = hash

        """ + Certificate.allCases.map(\.extensions).joined()
    }
}
