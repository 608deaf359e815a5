import Foundation
import Testing

/// Servers that break TLS, or stop in the middle of it: each ends with a code and a certainty, and none is waited for
/// longer than was said.
@Suite(.timeLimit(.minutes(3)), .enabled(if: PythonServer.canSecure, "openssl or python3 is not installed"))
struct HostileServerTests {
    /// Runs the command in the foreground, so that a connection that is held for ever is seen too.
    private func expect(
        _ status: Int32, _ code: String, _ certainty: String?, _ arguments: [String] = [], of script: String,
        set: String = "", sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await PythonServer.run(script, set: set) { server in
            let root = try await CertificateAuthority.shared.value.root
            let given = [
                "-4", "--cacert", root, "--foreground", "--until", "answered", "--receipt", "json", "--park", "5",
            ]
            let outcome = try await Shell.run(
                ["/usr/bin/timeout", "100", Shell.fletch] + given + arguments + [server.url])
            #expect(outcome.status == status, "\(outcome.errors)", sourceLocation: sourceLocation)
            let receipt = outcome.receipts.first
            #expect(receipt?.code == code, "\(outcome.errors)", sourceLocation: sourceLocation)
            guard let certainty else { return }
            #expect(receipt?.certainty == certainty, "\(outcome.errors)", sourceLocation: sourceLocation)
        }
    }

    // MARK: The handshake

    @Test func silenceInPlaceOfAHandshakeEndsAtTheConnectDeadline() async throws {
        try await expect(
            28, "connect-deadline-exceeded", "not-sent", ["--connect-timeout", "1"], of: "departure(plain)")
    }

    @Test func handshakeThatStopsHalfwayEndsAtTheConnectDeadline() async throws {
        try await expect(
            28, "connect-deadline-exceeded", "not-sent", ["--connect-timeout", "1"],
            of: Self.halfAFlight + "\ndeparture(plain)")
    }

    @Test func handshakeThatStopsHalfwayEndsAtTheRequestsDeadline() async throws {
        try await expect(28, "deadline-exceeded", "not-sent", ["-m", "1"], of: Self.halfAFlight + "\ndeparture(plain)")
    }

    @Test func handshakeThatIsCutOff() async throws {
        try await expect(35, "tls-handshake-failed", "not-sent", of: Self.halfAFlight + "\nplain.shutdown(2)")
    }

    @Test func connectionThatIsClosedAtOnce() async throws {
        try await expect(35, "tls-handshake-failed", "not-sent", of: "record(plain)")
    }

    @Test func connectionThatIsResetInTheHandshake() async throws {
        let script = """
            record(plain)
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            plain.close()
            """
        try await expect(35, "tls-handshake-failed", "not-sent", of: script)
    }

    @Test func plainHTTPOnTheSecurePort() async throws {
        let script = """
            record(plain)
            plain.sendall(b"HTTP/1.1 400 Bad Request\\r\\nConnection: close\\r\\n\\r\\n")
            departure(plain)
            """
        try await expect(35, "tls-handshake-failed", "not-sent", of: script)
    }

    @Test func serverThatSpeaksOnlyWhatIsOutOfDate() async throws {
        let old = """
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
            context.set_ciphers("DEFAULT@SECLEVEL=0")
            """
        try await expect(35, "tls-handshake-failed", "not-sent", of: "secured(plain)", set: old)
    }

    @Test func handshakeInSingleBytesIsAsGoodAsAnyOther() async throws {
        let script =
            Self.handshake { "for byte in \($0): plain.sendall(bytes([byte]))" } + """

                while True:
                    inbox.write(record(plain))
                    try:
                        if tls.read(65536).endswith(b"\\r\\n\\r\\n"): break
                    except ssl.SSLWantReadError: pass
                tls.write(b"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: 2\\r\\n\\r\\nok")
                for byte in outbox.read(): plain.sendall(bytes([byte]))
                departure(plain)
                """
        try await PythonServer.run(script) { server in
            let outcome = try await Shell.trustingFletch("-f", "--foreground", server.url)
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
    }

    // MARK: After the request

    @Test func fatalAlertAfterTheRequest() async throws {
        let script =
            Self.handshake { "plain.sendall(\($0))" } + """

                damaged = bytearray(record(plain))
                damaged[-1] ^= 1
                inbox.write(damaged)
                try: tls.read(1)
                except ssl.SSLError: plain.sendall(outbox.read())
                departure(plain)
                """
        for newest in ["TLSv1_2", "TLSv1_3"] {
            try await expect(
                56, "receive-failed", "unknown", of: script,
                set: "context.maximum_version = ssl.TLSVersion.\(newest)")
        }
    }

    @Test func clientCertificateThatIsAskedForAndMissing() async throws {
        // With TLS 1.3 the client has mostly gone on to its request by the time the server says so.
        let asking = "context.verify_mode = ssl.CERT_REQUIRED"
        try await expect(56, "receive-failed", nil, of: "secured(plain)", set: asking)
        let before = asking + "\ncontext.maximum_version = ssl.TLSVersion.TLSv1_2"
        try await expect(35, "tls-handshake-failed", "not-sent", of: "secured(plain)", set: before)
    }

    @Test func rubbishInPlaceOfARecord() async throws {
        let script = """
            peer = secured(plain)
            head(peer)
            raw = socket.socket(fileno=peer.detach())
            raw.sendall(b"\\x17\\x03\\x03\\xff\\xff" + b"x" * 1000)
            departure(raw)
            """
        try await expect(56, "receive-failed", "unknown", of: script)
    }

    @Test func plainAnswerToASecureRequest() async throws {
        let script = """
            peer = secured(plain)
            head(peer)
            raw = socket.socket(fileno=peer.detach())
            raw.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")
            departure(raw)
            """
        try await expect(56, "receive-failed", "unknown", of: script)
    }

    @Test func endWithoutAnAnswer() async throws {
        let orderly = "peer = secured(plain)\nhead(peer)\npeer.unwrap()"
        try await expect(52, "closed-without-answer", "unknown", of: orderly)
        // Whoever is on the way can send a FIN: without TLS's own end it proves nothing.
        let truncated = "peer = secured(plain)\nhead(peer)\ncut(peer)"
        try await expect(56, "receive-failed", "unknown", of: truncated)
    }

    @Test func headThatIsCutOffIsNoAnswer() async throws {
        let script = """
            peer = secured(plain)
            head(peer)
            peer.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Le")
            cut(peer)
            """
        try await expect(56, "receive-failed", "unknown", of: script)
    }

    @Test func endlessHeadOverTLS() async throws {
        let script = """
            peer = secured(plain)
            head(peer)
            peer.sendall(b"HTTP/1.1 200 OK\\r\\n")
            while True: peer.sendall(b"X-Filler: " + b"x" * 1000 + b"\\r\\n")
            """
        try await expect(27, "head-too-large", "unknown", of: script)
    }

    @Test func answerBeforeAnyRequestIsNoAnswer() async throws {
        let script = """
            peer = secured(plain)
            peer.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")
            departure(peer)
            """
        // It may be there when the request is out, and then it cannot be told from an early one.
        try await PythonServer.run(script) { server in
            let outcome = try await Shell.trustingFletch("--foreground", "--park", "5", "-f", "-m", "20", server.url)
            #expect([0, 56].contains(outcome.status), "\(outcome.errors)")
        }
    }

    // MARK: Scripts

    /// `tls`, `inbox` and `outbox`: a handshake record by record, what is sent first written by `write`.
    private static func handshake(write: (String) -> String) -> String {
        """
        inbox, outbox = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(inbox, outbox, server_side=True)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                \(write("outbox.read()"))
                inbox.write(record(plain))
        \(write("outbox.read()"))
        """
    }

    /// The first half of what a server answers first.
    private static let halfAFlight = """
        inbox, outbox = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(inbox, outbox, server_side=True)
        inbox.write(record(plain))
        try: tls.do_handshake()
        except ssl.SSLWantReadError: pass
        flight = outbox.read()
        plain.sendall(flight[:len(flight) // 2])
        """
}
