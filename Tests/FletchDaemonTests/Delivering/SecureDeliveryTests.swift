import Foundation
import Testing

/// Deliveries over TLS to an endpoint with an authority of its own, which wants to know who calls.
@Suite(.timeLimit(.minutes(3)))
struct SecureDeliveryTests {
    private static let server = """
        import http.server, ssl, sys
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                subject = dict(pair[0] for pair in self.connection.getpeercert()["subject"])
                print("called by", subject["commonName"], flush=True)
                self.send_response(204)
                self.end_headers()
            def log_message(self, *arguments): pass
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1] + "/server.pem", sys.argv[1] + "/server.key")
        context.load_verify_locations(sys.argv[1] + "/ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        print("port", server.server_port, flush=True)
        server.serve_forever()
        """

    private static let certificates = """
        set -e
        openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=authority -days 2
        for name in server client; do
            openssl req -newkey rsa:2048 -nodes -keyout $name.key -out $name.csr -subj /CN=the-$name
            printf 'subjectAltName=IP:127.0.0.1' > $name.ext
            openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out $name.pem -days 2 -extfile $name.ext
        done
        """

    @Test func authorityAndCertificateAreThoseOfTheFlags() async throws {
        try await withPlace { place in
            let making = try Program(["/bin/sh", "-c", "cd '\(place.directory)'; \(Self.certificates)"])
            try #require(try await making.end() == 0, "\(making.said.value)")
            let server = try Program(["/usr/bin/env", "python3", "-c", Self.server, place.directory])
            defer { server.signal(SIGKILL) }
            let said = try await server.printed.wait { $0.contains("\n") }
            let port = try #require(said.split(separator: "\n").first?.split(separator: " ").last)
            let endpoint = "https://127.0.0.1:\(port)/"
            let flags = [
                "--delivery-cacert", place.path("ca.pem"), "--delivery-cert", place.path("client.pem"),
                "--delivery-key",
                place.path("client.key"),
            ]
            try await withDaemon(place, flags) { daemon in
                try await daemon.api.enqueue(Draft(id: "a"), at: endpoint)
                try await server.printed.wait { $0.contains("called by the-client") }
                try await daemon.api.waitUntilGone("a", at: endpoint)
            }
            try await withDaemon(place) { daemon in
                try await daemon.api.enqueue(Draft(id: "b"), at: endpoint)
                try await daemon.api.waitUntilGone("b", at: endpoint)
                let failures = Daemon.lines("a delivery failed", in: daemon.program.said.value)
                #expect(failures.first?["reason"]?.hasPrefix("certificate-rejected") == true)
            }
        }
    }

    /// Else the first job would find out, and be lost for it.
    @Test func keyOfAnotherCertificateIsAMistake() async throws {
        try await withPlace { place in
            let making = try Program(["/bin/sh", "-c", "cd '\(place.directory)'; \(Self.certificates)"])
            try #require(try await making.end() == 0, "\(making.said.value)")
            let flags = ["--delivery-cert", place.path("client.pem"), "--delivery-key", place.path("server.key")]
            let refused = try await outcome(of: ["--port", "0", "--store", place.store] + flags)
            #expect(refused.status == 2)
            #expect(refused.said.contains("client-certificate-unusable"), "\(refused.said)")
        }
    }

    @Test func fileThatCannotBeReadIsAMistake() async throws {
        let refused = try await outcome(of: [
            "--delivery-cacert", "/nowhere/ca.pem", "--delivery-key", "/nowhere/key.pem",
        ])
        #expect(refused.status == 2)
        #expect(refused.said.contains("--delivery-cacert is /nowhere/ca.pem, which cannot be read"))
        #expect(refused.said.contains("--delivery-key is of no use without --delivery-cert"))
    }
}
