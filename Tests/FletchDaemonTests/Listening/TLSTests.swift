import Foundation
import Glibc
import Testing

/// The API over TLS, and certificates that are replaced while it runs.
@Suite(.timeLimit(.minutes(3)))
struct TLSTests {
    /// Makes NAME.pem and NAME.key for localhost.
    private static func makeCertificate(_ name: String, in place: Place, days: Int = 90) async throws {
        let program = try Program([
            "/usr/bin/env", "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-days", "\(days)", "-subj", "/CN=\(name)", "-addext", "subjectAltName=DNS:localhost", "-keyout",
            place.path("\(name).key"), "-out", place.path("\(name).pem"),
        ])
        try #require(try await program.end() == 0, "\(program.said.value)")
    }

    private static func flags(_ place: Place) -> [String] {
        ["--tls-cert", place.path("shown.pem"), "--tls-key", place.path("shown.key")]
    }

    /// Puts another file in its place, as certbot does.
    private static func replace(_ name: String, with other: String, in place: Place) throws {
        try FileManager.default.copyItem(atPath: place.path(other), toPath: place.path("new"))
        try #require(rename(place.path("new"), place.path(name)) == 0)
    }

    /// With two certificates, `first` and `second`, of which it begins with the first.
    private static func withServer(_ body: (Daemon, Place) async throws -> Void) async throws {
        try await withPlace { place in
            for name in ["first", "second"] { try await makeCertificate(name, in: place) }
            try replace("shown.pem", with: "first.pem", in: place)
            try replace("shown.key", with: "first.key", in: place)
            try await withDaemon(place, flags(place)) { try await body($0, place) }
        }
    }

    private static let shown = """
        import socket, ssl, sys
        port, *paths = sys.argv[1:]
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["h2", "http/1.1"])
        with socket.create_connection(("localhost", int(port))) as plain, context.wrap_socket(plain) as secure:
            shown = secure.getpeercert(True)
            print([path.split("/")[-1] for path in paths if ssl.PEM_cert_to_DER_cert(open(path).read()) == shown][0])
            print(secure.selected_alpn_protocol(), secure.version())
        """

    /// Which certificate a new connection is shown, and what else is agreed on.
    private static func handshake(_ daemon: Daemon, _ place: Place) async throws -> [String] {
        let paths = ["first.pem", "second.pem"].map(place.path)
        return try await Python.run(shown, ["\(daemon.api.port)"] + paths).split(separator: "\n").map(String.init)
    }

    private static func waitUntilShown(_ name: String, _ daemon: Daemon, _ place: Place) async throws {
        try await polled("\(name) to be shown") { try await handshake(daemon, place).first == name ? () : nil }
    }

    private static let asked = """
        import ssl, sys, urllib.request
        port, authority, path = sys.argv[1:4]
        context = ssl.create_default_context(cafile=authority)
        print(urllib.request.urlopen(f"https://localhost:{port}{path}", context=context).read().decode())
        """

    @Test func requestsAndSocketsAreServedOverTLS() async throws {
        try await Self.withServer { daemon, place in
            let authority = place.path("first.pem")
            let health = try await Python.run(Self.asked, ["\(daemon.api.port)", authority, "/health"])
            #expect(health == #"{"redis":"up"}"# + "\n")
            let agreed = try await Self.handshake(daemon, place)
            #expect(agreed == ["first.pem", "http/1.1 TLSv1.3"])
            try await withReader(daemon, .init(scheme: "wss", authority: authority)) { reader in
                #expect(reader.greeting == "open ")
                let status = try await daemon.terminate()
                #expect(status == 0)
                let end = try await reader.end()
                #expect(end == "1001 the server is shutting down")
            }
        }
    }

    /// A client that speaks plain HTTP to it is not kept waiting.
    @Test func plainRequestsAreNotServed() async throws {
        try await Self.withServer { daemon, _ in
            await #expect(throws: (any Error).self) { try await daemon.api.ask("GET", "/health") }
            #expect(!daemon.program.hasEnded)
        }
    }

    @Test func replacedCertificateIsShownAndNoConnectionDropped() async throws {
        try await Self.withServer { daemon, place in
            let options = ActivityReader.Options(scheme: "wss", authority: place.path("first.pem"))
            try await withReader(daemon, options) { reader in
                // One after the other: in between they do not belong together.
                try Self.replace("shown.pem", with: "second.pem", in: place)
                try await daemon.program.said.wait { $0.contains("cannot be reloaded") }
                let before = try await Self.handshake(daemon, place)
                #expect(before.first == "first.pem")
                try Self.replace("shown.key", with: "second.key", in: place)
                try await Self.waitUntilShown("second.pem", daemon, place)
                #expect(Daemon.lines("the certificate has been reloaded", in: daemon.program.said.value).count == 1)
                let body = #"{"id":"a","delay":100000}"#
                let path = API.path("http://localhost:5000/")
                _ = try await Python.run(
                    Self.enqueued, ["\(daemon.api.port)", place.path("second.pem"), path, body])
                let events = try await reader.wait(for: 1)
                #expect(events.map(\.name) == ["scheduled"])
            }
        }
    }

    private static let enqueued = """
        import ssl, sys, urllib.request
        port, authority, path, body = sys.argv[1:5]
        context = ssl.create_default_context(cafile=authority)
        url, fields = f"https://localhost:{port}{path}", {"Content-Type": "application/json"}
        print(urllib.request.urlopen(urllib.request.Request(url, body.encode(), fields), context=context).status)
        """

    /// As an authority's renewal may be: signed by another of its certificates, with RSA in place of an elliptic curve.
    @Test func replacementMayHaveAnotherKindOfKeyAndAChain() async throws {
        try await Self.withServer { daemon, place in
            try place.write("basicConstraints=critical,CA:TRUE\n", to: "authority.ext")
            try place.write("subjectAltName=DNS:localhost\n", to: "leaf.ext")
            let commands = """
                set -e
                cd '\(place.path(""))'
                openssl req -x509 -newkey rsa:2048 -nodes -days 90 -subj /CN=root -keyout root.key -out root.pem
                openssl req -newkey rsa:2048 -nodes -subj /CN=between -keyout between.key -out between.csr
                openssl x509 -req -in between.csr -CA root.pem -CAkey root.key -CAcreateserial -days 90 \\
                    -extfile authority.ext -out between.pem
                openssl req -newkey rsa:2048 -nodes -subj /CN=leaf -keyout leaf.key -out leaf.csr
                openssl x509 -req -in leaf.csr -CA between.pem -CAkey between.key -CAcreateserial -days 90 \\
                    -extfile leaf.ext -out second.pem
                cat second.pem between.pem > chain.pem
                """
            let program = try Program(["/bin/sh", "-c", commands])
            try #require(try await program.end() == 0, "\(program.said.value)")
            try Self.replace("shown.key", with: "leaf.key", in: place)
            try Self.replace("shown.pem", with: "chain.pem", in: place)
            try await Self.waitUntilShown("second.pem", daemon, place)
            let health = try await Python.run(Self.asked, ["\(daemon.api.port)", place.path("root.pem"), "/health"])
            #expect(health == #"{"redis":"up"}"# + "\n")
        }
    }

    /// Kubernetes mounts secrets behind a link, and has that lead elsewhere.
    @Test func linkThatLeadsElsewhereIsNoticed() async throws {
        try await withPlace { place in
            for name in ["first", "second"] {
                try await Self.makeCertificate(name, in: place)
                let directory = place.path("\(name)-version")
                try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
                for (file, target) in [("\(name).pem", "tls.crt"), ("\(name).key", "tls.key")] {
                    try FileManager.default.copyItem(atPath: place.path(file), toPath: "\(directory)/\(target)")
                }
            }
            try #require(symlink("first-version", place.path("data")) == 0)
            let flags = ["--tls-cert", place.path("data/tls.crt"), "--tls-key", place.path("data/tls.key")]
            try await withDaemon(place, flags) { daemon in
                let before = try await Self.handshake(daemon, place)
                #expect(before.first == "first.pem")
                try #require(symlink("second-version", place.path("other")) == 0)
                try #require(rename(place.path("other"), place.path("data")) == 0)
                try await Self.waitUntilShown("second.pem", daemon, place)
            }
        }
    }

    @Test func hangupReloads() async throws {
        try await Self.withServer { daemon, place in
            daemon.program.signal(SIGHUP)
            try await daemon.program.said.wait { $0.contains("the certificate has been reloaded") }
            try place.write("rubbish", to: "shown.pem")
            daemon.program.signal(SIGHUP)
            let log = try await daemon.program.said.wait { $0.contains("has no certificate in PEM") }
            #expect(log.contains("the one before stays in use"))
            let after = try await Self.handshake(daemon, place)
            #expect(after.first == "first.pem")
        }
    }

    @Test func hangupEndsNothing() async throws {
        try await withPlace { place in
            try await withDaemon(place) { daemon in
                daemon.program.signal(SIGHUP)
                try await daemon.program.said.wait { $0.contains("there is no certificate to reload") }
                let answer = try await daemon.api.ask("GET", "/health")
                #expect(answer.status == 200)
            }
        }
    }

    @Test func certificateThatCannotBeUsedIsAMistakeInTheSettings() async throws {
        try await withPlace { place in
            for name in ["first", "second"] { try await Self.makeCertificate(name, in: place) }
            let (first, second) = (place.path("first.pem"), place.path("second.key"))
            for (flags, environment, message) in [
                (["--tls-cert", first, "--tls-key", second], [:], "name the key that it was issued for"),
                (["--tls-cert", place.path("none.pem")], [:], "cannot be read"),
                (["--tls-cert", first], [:], "no key without a passphrase"),
                (["--tls-key", second], [:], "of no use without --tls-cert"),
                ([], ["TLS_CERT": second], "has no certificate in PEM"),
            ] as [([String], [String: String], String)] {
                let started = try await outcome(of: flags, environment: environment)
                #expect(started.status == 2)
                #expect(started.said.contains(message), "\(started.said)")
                let checked = try await outcome(
                    of: ["check", "--port", "0", "--store", place.store] + flags, environment: environment)
                #expect(checked.status == 1)
                #expect(checked.printed.contains(message), "\(checked.printed)")
            }
        }
    }

    @Test func certificateThatIsAboutToEndIsWarnedOf() async throws {
        try await withPlace { place in
            try await Self.makeCertificate("short", in: place, days: 13)
            try await Self.makeCertificate("long", in: place, days: 16)
            for (name, isWarned) in [("short", true), ("long", false)] {
                let checked = try await outcome(
                    of: ["check", "--port", "0", "--store", place.store],
                    environment: ["TLS_CERT": place.path("\(name).pem"), "TLS_KEY": place.path("\(name).key")])
                #expect(checked.status == 0, "\(checked.printed)")
                #expect(checked.printed.contains("warning: TLS_CERT: the certificate expires on ") == isWarned)
            }
        }
    }
}
