import Foundation

/// nginx, with a chain of certificates like that of a public server, made anew each time.
struct SecureServer {
    static let name = "origin.test"
    static let port = "8443"
    /// Of a body of 1 MB.
    static let largePath = "/large"

    private let folder: URL
    private let process: Running

    /// The PEM file of whom to trust.
    var authority: String { folder.appending(path: "root.pem").path }

    fileprivate init(_ tools: Tools, in network: Network, folder: URL) throws {
        self.folder = folder
        try Command("/bin/sh", "-ec", "cd \(folder.path)\n" + Self.certificates).run()
        try Data(count: 1_000_000).write(to: folder.appending(path: "large"))
        let configuration = folder.appending(path: "nginx.conf").path
        try Self.configuration(folder.path, network.address).write(
            toFile: configuration, atomically: true, encoding: .utf8)
        process = try Command(tools.nginx, "-c", configuration, "-e", folder.path + "/errors").pinned(to: 1)
            .inside(network.server).start(outputTo: .nowhere)
        do {
            try waitUntilItAnswers(tools, network)
        } catch {
            end()
            throw error
        }
    }

    fileprivate func end() { process.end() }

    /// How many requests there have been since the last time, and how many of them were the first of a connection with a
    /// full handshake, and of one with a resumed session.
    func takeCounts() throws -> (all: Int, full: Int, resumed: Int) {
        let log = folder.appending(path: "log").path
        let text = try String(contentsOfFile: log, encoding: .utf8)
        guard truncate(log, 0) == 0 else { throw BenchmarkError("\(log) cannot be emptied") }
        let lines = text.split(separator: "\n")
        return (lines.count, lines.count { $0 == ".1" }, lines.count { $0 == "r1" })
    }

    private func waitUntilItAnswers(_ tools: Tools, _ network: Network) throws {
        let curl = Command(
            tools.curl, "--silent", "--cacert", authority, "--resolve",
            "\(Self.name):\(Self.port):\(network.address)", "https://\(Self.name):\(Self.port)/"
        ).inside(network.client)
        for _ in 0..<100 {
            if try curl.run().output == "ok\n" { return }
            usleep(50_000)
        }
        let errors = (try? String(contentsOfFile: folder.appending(path: "errors").path, encoding: .utf8)) ?? ""
        throw BenchmarkError("nginx does not answer: \(errors)")
    }

    private static func configuration(_ folder: String, _ address: String) -> String {
        """
        daemon off; master_process off; pid \(folder)/pid; error_log \(folder)/errors;
        events { worker_connections 4096; }
        http {
            log_format handshake "$ssl_session_reused$connection_requests";
            access_log \(folder)/log handshake;
            client_body_temp_path \(folder); proxy_temp_path \(folder); fastcgi_temp_path \(folder);
            uwsgi_temp_path \(folder); scgi_temp_path \(folder);
            server {
                listen \(address):\(port) ssl backlog=1024;
                ssl_certificate \(folder)/chain.pem; ssl_certificate_key \(folder)/leaf.key;
                ssl_protocols TLSv1.2 TLSv1.3; ssl_early_data on;
                location = / { return 200 "ok\\n"; }
                location = \(largePath) { root \(folder); }
            }
        }

        """
    }

    /// A root that is trusted, an authority between, and a leaf, with all that a public authority puts in, so that the
    /// chain is as long as a real one. The list of timestamps (RFC 6962) has the length of two, and says nothing.
    private static let certificates = """
        timestamps=$(head -c 240 /dev/zero | od -An -v -tx1 | tr -d '\\n' | sed 's/^ //; s/ /:/g')
        cat >extensions <<END
        [root]
        basicConstraints = critical,CA:true
        keyUsage = critical,keyCertSign,cRLSign
        subjectKeyIdentifier = hash
        [between]
        basicConstraints = critical,CA:true,pathlen:0
        keyUsage = critical,digitalSignature,keyCertSign,cRLSign
        extendedKeyUsage = serverAuth,clientAuth
        subjectKeyIdentifier = hash
        authorityKeyIdentifier = keyid
        authorityInfoAccess = caIssuers;URI:http://authority.test/root.der
        crlDistributionPoints = URI:http://authority.test/root.crl
        certificatePolicies = 2.23.140.1.2.1
        [leaf]
        basicConstraints = critical,CA:false
        keyUsage = critical,digitalSignature,keyEncipherment
        extendedKeyUsage = serverAuth,clientAuth
        subjectKeyIdentifier = hash
        authorityKeyIdentifier = keyid
        authorityInfoAccess = OCSP;URI:http://status.authority.test,caIssuers;URI:http://authority.test/between.der
        subjectAltName = DNS:\(name),DNS:www.\(name)
        certificatePolicies = 2.23.140.1.2.1
        1.3.6.1.4.1.11129.2.4.2 = DER:04:81:f0:$timestamps
        END
        make() {
            openssl req -newkey rsa:2048 -nodes -keyout $1.key -out $1.csr -subj "/C=US/O=Throw-away/CN=$1"
            name=$1; shift
            openssl x509 -req -in $name.csr -days 2 -extfile extensions -extensions $name -out $name.pem "$@"
        }
        {
            make root -signkey root.key
            make between -CA root.pem -CAkey root.key -CAcreateserial
            make leaf -CA between.pem -CAkey between.key -CAcreateserial
        } >/dev/null 2>&1
        cat leaf.pem between.pem >chain.pem
        """
}

/// Runs `body` with a server that has the second processor.
func withSecureServer(_ tools: Tools, in network: Network, _ body: (SecureServer) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "fletch-bench-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let server = try SecureServer(tools, in: network, folder: folder)
    defer { server.end() }
    try body(server)
}
