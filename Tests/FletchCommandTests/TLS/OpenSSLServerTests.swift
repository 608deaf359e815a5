import Foundation
import Testing

/// Against `openssl s_server`, with what it can be told to do.
@Suite(.timeLimit(.minutes(2)), .enabled(if: CertificateAuthority.isAvailable, "openssl is not installed"))
struct OpenSSLServerTests {
    @Test(arguments: [
        ["-tls1_3"], ["-tls1_2"], ["-tls1_2", "-no_ticket"], ["-num_tickets", "0"], ["-num_tickets", "20"],
        // The client's first offer does not fit: a HelloRetryRequest.
        ["-groups", "P-384"],
        ["-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"], ["-tls1_2", "-cipher", "ECDHE+AESGCM"],
        ["-max_send_frag", "512"], ["-alpn", "http/1.1"],
        // It asks for a certificate and does without.
        ["-verify", "3"],
    ])
    func requestIsAnswered(options: [String]) async throws {
        for certificate in [Certificate.good, .rsa] {
            if certificate == .rsa, options.contains("ECDHE+AESGCM") { continue }
            try await OpenSSLServer.run(options, as: certificate) { server in
                let outcome = try await Shell.trustingFletch("-f", "--receipt", "json", "-d", "body", server.url)
                #expect(outcome.status == 0, "\(outcome.errors)")
                #expect(outcome.receipts.first?.status == 200)
                try await server.wait(for: "POST / HTTP/1.1")
            }
        }
    }

    @Test func nothingButHTTP11IsAgreedOn() async throws {
        try await OpenSSLServer.run(["-alpn", "h2,http/1.1"]) { server in
            #expect(try await Shell.trustingFletch("-f", server.url).status == 0)
            try await server.wait(for: "ALPN protocols selected: http/1.1")
        }
        // A server that has nothing in common may end the handshake; that is not a matter of luck.
        try await OpenSSLServer.run(["-alpn", "h2"]) { server in
            let outcome = try await Shell.trustingFletch("--until", "answered", "-m", "30", server.url)
            #expect([0, 35].contains(outcome.status), "\(outcome.errors)")
        }
    }

    @Test func ticketsAreNotTakenForAnAnswer() async throws {
        // Five thousand bytes of them, and nothing after the request.
        try await OpenSSLServer.run(["-num_tickets", "20"], answer: "") { server in
            let outcome = try await Shell.trustingFletch(
                "--until", "answered", "-m", "2", "--park", "1", "--receipt", "json", server.url)
            #expect(outcome.status == 28, "\(outcome.errors)")
            let receipt = try #require(outcome.receipts.first)
            #expect(receipt.milestone == "acknowledged" || receipt.milestone == "written")
            #expect(receipt.certainty == "unknown")
            #expect(receipt.bytes_received == 0)
            try await server.wait(for: "GET / HTTP/1.1")
        }
    }

    @Test func keysMayBeUpdatedInTheMiddle() async throws {
        // `K` asks the client to change its own, too: it writes while it only waits.
        for command in ["k\n", "K\n"] {
            try await OpenSSLServer.run(["-tls1_3"], answer: "") { server in
                async let outcome = Shell.trustingFletch("-f", "-m", "60", server.url)
                try await server.wait(for: "GET / HTTP/1.1")
                try await server.say(command)
                try await server.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                #expect(try await outcome.status == 0)
            }
        }
    }

    @Test func renegotiationIsRefusedAndTheFailureIsUnknown() async throws {
        try await OpenSSLServer.run(["-tls1_2"], answer: "r\n") { server in
            let outcome = try await Shell.trustingFletch(
                "--until", "answered", "--foreground", "-m", "60", "--receipt", "json", server.url)
            #expect([52, 56].contains(outcome.status), "\(outcome.errors)")
            #expect(outcome.receipts.first?.certainty == "unknown")
        }
    }
}
