import Foundation
import Testing

/// A server on Python's `ssl` that does to each connection what a script says, read top to bottom.
///
/// The script has the connection, `plain`, before any handshake, and these:
/// `secured(plain)` does the handshake · `head(peer)` reads a request's head · `record(plain)` reads one record, as it
/// is on the wire · `departure(peer)` waits until the client leaves, and says how: `close_notify`, `fin` or `reset` ·
/// `cut(peer)` ends the connection without TLS's own end · `sent(peer)`: bytes that the kernel has sent · `say(…)`: a line for the test · `context`: of `ssl`.
struct PythonServer: Sendable {
    static let path = "/usr/bin/python3"
    static let isAvailable = FileManager.default.isExecutableFile(atPath: path)
    /// Whether it has certificates to show.
    static let canSecure = isAvailable && CertificateAuthority.isAvailable

    let port: Int
    private let started: Started

    var url: String { "https://localhost:\(port)" }

    /// What the script says next.
    func nextLine() async throws -> String { try await started.nextLine() }

    /// Runs `body` with the server; its connections are served beside each other, and closed after the script.
    /// - Parameter set: Lines about `context` and `listener`, before the first connection.
    static func run(
        _ script: String, as certificate: Certificate = .good, set: String = "",
        _ body: (PythonServer) async throws -> Void
    ) async throws {
        let authority = try await CertificateAuthority.shared.value
        let program =
            preamble + set + "\n" + "def serve(plain):\n"
            + script.split(separator: "\n").map { "    \($0)\n" }.joined() + loop
        let started = try await Shell.start(
            [path, "-c", program, authority.chain(certificate), authority.key(certificate)])
        do {
            let port = try #require(Int(try await started.nextLine()))
            try await body(PythonServer(port: port, started: started))
        } catch {
            kill(started.id, SIGKILL)
            _ = try await started.end()
            throw error
        }
        kill(started.id, SIGKILL)
        _ = try await started.end()
    }

    private static let preamble = """
        import socket, ssl, struct, sys, threading

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
        # An end that is not TLS's own is to be seen as such.
        context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))

        def say(*words):
            print(*words, flush=True)

        def secured(plain):
            return context.wrap_socket(plain, server_side=True, suppress_ragged_eofs=False)

        def exactly(peer, count):
            got = b""
            while len(got) < count:
                part = peer.recv(count - len(got))
                if not part: raise EOFError("the client has gone")
                got += part
            return got

        def head(peer):
            got = b""
            while not got.endswith(b"\\r\\n\\r\\n"): got += exactly(peer, 1)
            return got.decode()

        def record(plain):
            start = exactly(plain, 5)
            return start + exactly(plain, int.from_bytes(start[3:], "big"))

        def departure(peer):
            try:
                while peer.recv(65536): pass
                return "close_notify" if isinstance(peer, ssl.SSLSocket) else "fin"
            except OSError:
                # Python calls a reset an end, too; the socket's state tells them apart (TCP_CLOSE).
                state = peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
                return "reset" if state == 7 else "fin"

        def cut(peer):
            # Still there for what the client says to that: refused, it would be a reset.
            peer.shutdown(socket.SHUT_WR)
            departure(peer)

        def sent(peer):
            info = peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
            return struct.unpack_from("Q", info, 200)[0]


        """

    private static let loop = """

        def run(plain):
            try: serve(plain)
            except (OSError, EOFError) as error: say("failed", error)
            finally: plain.close()

        listener.listen(128)
        say(listener.getsockname()[1])
        while True:
            plain, _ = listener.accept()
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=run, args=(plain,), daemon=True).start()
        """
}
