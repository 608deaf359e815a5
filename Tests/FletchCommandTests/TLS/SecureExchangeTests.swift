import Foundation
import Testing

/// What goes over the wire, and when, seen from a server on Python's `ssl`.
@Suite(.timeLimit(.minutes(2)), .enabled(if: PythonServer.canSecure, "openssl or python3 is not installed"))
struct SecureExchangeTests {
    private static let versions = ["TLSv1_2", "TLSv1_3"]

    private static func only(_ version: String) -> String { "context.maximum_version = ssl.TLSVersion.\(version)" }

    /// Answers with a megabyte, its head in a record of its own or not, and says what of it the kernel has sent by the time
    /// the client has left.
    private static func megabyte(isHeadAlone: Bool) -> String {
        """
        peer = secured(plain)
        head(peer)
        before = sent(peer)
        answer = b"HTTP/1.1 200 OK\\r\\nContent-Length: 1000000\\r\\n\\r\\n"
        body = b"x" * 1000000
        try:
            for part in \(isHeadAlone ? "(answer, body)" : "(answer + body,)"): peer.sendall(part)
        except OSError: pass
        say(departure(peer))
        say(sent(peer) - before)
        """
    }

    @Test(arguments: versions) func megabyteThatNobodyWantsIsNotDownloaded(version: String) async throws {
        try await PythonServer.run(Self.megabyte(isHeadAlone: true), set: Self.only(version)) { server in
            let outcome = try await Shell.trustingFletch("-f", "--foreground", "--receipt", "json", server.url)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let departure = try await server.nextLine()
            #expect(departure == "reset")
            // What the window lets in.
            let sent = try #require(Int(try await server.nextLine()))
            #expect(sent > 0 && sent < 16_384, "\(sent)")
            let receipt = try #require(outcome.receipts.first)
            #expect(receipt.milestone == "answered")
            #expect(receipt.bytes_received < 100, "the head: \(receipt.bytes_received)")
        }
    }

    @Test func headInOneRecordWithItsBodyCostsThatRecordAndNotTheBody() async throws {
        try await PythonServer.run(Self.megabyte(isHeadAlone: false)) { server in
            let outcome = try await Shell.trustingFletch("-f", "--foreground", "--receipt", "json", server.url)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let departure = try await server.nextLine()
            #expect(departure == "reset")
            let sent = try #require(Int(try await server.nextLine()))
            #expect(sent > 0 && sent < 40_000, "\(sent)")
        }
    }

    @Test(arguments: versions) func closingInOrderIsToldInTheWayOfTLS(version: String) async throws {
        let script = "peer = secured(plain)\nhead(peer)\nsay(departure(peer))"
        try await PythonServer.run(script, set: Self.only(version)) { server in
            let outcome = try await Shell.trustingFletch("--disposal", "close", server.url)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let departure = try await server.nextLine()
            #expect(departure == "close_notify")
        }
    }

    @Test func resettingIsAResetOverTLSToo() async throws {
        try await PythonServer.run("peer = secured(plain)\nhead(peer)\nsay(departure(peer))") { server in
            let outcome = try await Shell.trustingFletch("--disposal", "reset", server.url)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let departure = try await server.nextLine()
            #expect(departure == "reset")
        }
    }

    @Test(arguments: versions) func connectionIsHeldUntilTheAnswer(version: String) async throws {
        // The command has returned before: whoever waits for the line has seen it return.
        let script = """
            peer = secured(plain)
            head(peer)
            peer.settimeout(1)
            try: say("left", peer.recv(1))
            except TimeoutError: say("still there")
            peer.settimeout(None)
            peer.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 1000000\\r\\n\\r\\n")
            say(departure(peer))
            """
        try await PythonServer.run(script, set: Self.only(version)) { server in
            let outcome = try await Shell.trustingFletch("--receipt", "json", server.url)
            #expect(outcome.receipts.first?.milestone == "acknowledged", "\(outcome.errors)")
            #expect(try await server.nextLine() == "still there")
            let departure = try await server.nextLine()
            #expect(departure == "reset")
        }
    }

    @Test func parkingEndsAtItsLimitOverTLS() async throws {
        try await PythonServer.run("peer = secured(plain)\nhead(peer)\nsay(departure(peer))") { server in
            let outcome = try await Shell.trustingFletch("--foreground", "--park", "0.5", server.url)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let departure = try await server.nextLine()
            #expect(departure == "reset")
        }
    }

    @Test(arguments: versions) func acknowledgedIsNotSaidBeforeThePeerHasEveryRecord(version: String) async throws {
        // It takes the handshake, then nothing, and has no room for the rest.
        let script = "peer = secured(plain)\nthreading.Event().wait()"
        let narrow = Self.only(version) + "\nlistener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)"
        try await PythonServer.run(script, set: narrow) { server in
            let body = String(repeating: "x", count: 200_000)
            for (milestone, status) in [("written", 0), ("acknowledged", 28)] {
                let outcome = try await Shell.trustingFletch(
                    "--until", milestone, "-m", "3", "--park", "1", "--receipt", "json", "--data-binary", "@-",
                    server.url, input: body)
                #expect(Int(outcome.status) == status, "\(outcome.errors)")
                let receipt = try #require(outcome.receipts.first)
                #expect(receipt.milestone == "written")
                #expect(receipt.certainty == (status == 0 ? nil : "unknown"))
            }
        }
    }

    @Test(arguments: versions) func acknowledgedNeedsNoAnswer(version: String) async throws {
        let script = """
            peer = secured(plain)
            size = int(head(peer).lower().split("content-length: ")[1].split()[0])
            exactly(peer, size)
            say("whole", departure(peer))
            """
        try await PythonServer.run(script, set: Self.only(version)) { server in
            let body = String(repeating: "x", count: 500_000)
            let outcome = try await Shell.trustingFletch(
                "--park", "1", "--receipt", "json", "--data-binary", "@-", server.url, input: body)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.receipts.first?.ms["acknowledged"] != nil)
            #expect(try await server.nextLine() == "whole reset")
        }
    }

    @Test func bodyWithoutAStatedLengthIsHeldUntilItEnds() async throws {
        let script = """
            peer = secured(plain)
            head(peer)
            peer.sendall(b"HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n5\\r\\nhello\\r\\n")
            peer.settimeout(1)
            try: say("left", peer.recv(1))
            except TimeoutError: say("still there")
            peer.settimeout(None)
            peer.sendall(b"0\\r\\n\\r\\n")
            say(departure(peer))
            """
        try await PythonServer.run(script) { server in
            let outcome = try await Shell.trustingFletch("-f", server.url)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(try await server.nextLine() == "still there")
            let departure = try await server.nextLine()
            #expect(departure == "reset")
        }
    }

    @Test func resumedHandshakeCostsAThirdOfAFullOne() async throws {
        let script = """
            peer = secured(plain)
            head(peer)
            peer.sendall(b"HTTP/1.1 204 No Content\\r\\nConnection: close\\r\\n\\r\\n")
            departure(peer)
            say(sent(peer))
            """
        try await PythonServer.run(script, as: .rsa, set: "context.num_tickets = 1") { server in
            let outcome = try await Shell.trustingFletch("-f", server.url, server.url)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let full = try #require(Int(try await server.nextLine()))
            let resumed = try #require(Int(try await server.nextLine()))
            #expect(resumed * 3 <= full, "\(resumed) of \(full)")
        }
    }
}
