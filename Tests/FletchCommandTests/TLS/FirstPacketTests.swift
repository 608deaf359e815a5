import Foundation
import Testing

/// Fast Open and early data together: the request is in the first packet of the connection.
///
/// nginx speaks TLS at 127.0.0.1 and 127.0.0.2, and its log says of each request whether it came before the end of the
/// handshake.
@Suite(
    .timeLimit(.minutes(2)),
    .enabled(
        if: Namespace.isAvailable && Namespace.hasFilter && Nginx.canSecure,
        "a network namespace takes root, iproute2, nftables, nginx and openssl"))
struct FirstPacketTests {
    @Test func requestIsInTheFirstPacketOnceCookieAndSessionAreKnown() async throws {
        let lines = try await run(
            """
            fire 127.0.0.1 /asks-for-both --tls-earlydata
            # Nothing but first packets arrives.
            nft add rule ip t in tcp dport 5443 tcp flags '& syn == 0' drop
            fire 127.0.0.1 /first-packet --tls-earlydata -m 20
            nft flush chain ip t in
            stop
            cat log
            """)
        #expect(lines.map(\.words) == ["0 200 -", "0 200 -", "/asks-for-both -", "/first-packet 1"], "\(lines)")
    }

    @Test(arguments: [
        ("reject with tcp reset", "7 connect-failed unknown"), ("drop", "28 connect-deadline-exceeded unknown"),
    ])
    func noOtherAddressGetsWhatWasInTheFirstPacket(fate: String, outcome: String) async throws {
        let lines = try await run(
            """
            fire 127.0.0.1 /1 --tls-earlydata
            \(Self.countTheSecond)
            nft add rule ip t in ip daddr 127.0.0.1 tcp dport 5443 \(fate)
            fire 127.0.0.1,127.0.0.2 /2 --tls-earlydata --connect-timeout 0.7
            nft list counter ip t second
            """)
        try #require(lines.count > 2, "\(lines)")
        #expect(lines[1].words == outcome)
        #expect(lines.contains { $0.contains("packets 0 ") }, "\(lines)")
    }

    @Test func refusedConnectionIsToldAsSuchAndTheNextAddressIsTriedWhereNothingOfTheRequestWasSent() async throws {
        let lines = try await run(
            """
            fire 127.0.0.1 /1
            nft add rule ip t in ip daddr 127.0.0.1 tcp dport 5443 reject with tcp reset
            fire 127.0.0.1 /2
            \(Self.countTheSecond)
            fire 127.0.0.1,127.0.0.2 /3
            nft list counter ip t second
            stop
            cat log
            """)
        #expect(lines.prefix(3).map(\.words) == ["0 200 -", "7 connect-failed not-sent", "0 200 -"], "\(lines)")
        #expect(!lines.contains { $0.contains("packets 0 ") }, "\(lines)")
        #expect(lines.suffix(2).map(\.words) == ["/1 -", "/3 -"], "\(lines)")
    }

    @Test func firstAddressThatAnswersLateIsUsedAndTheSecondLeft() async throws {
        let lines = try await run(
            """
            \(Self.countTheSecond)
            nft add rule ip t in tcp dport 5443 drop
            fire 127.0.0.1,127.0.0.2 /late -m 20 --foreground & sender=$!
            while nft list counter ip t second | grep -q 'packets 0 '; do :; done
            nft flush chain ip t in
            nft add rule ip t in ip daddr 127.0.0.2 tcp dport 5443 drop
            wait $sender
            grep -o '"remote":"[^"]*"' said
            """)
        #expect(lines.map(\.words) == ["0 200 -", "\"remote\":\"127.0.0.1:5443\""], "\(lines)")
    }

    private static let countTheSecond = """
        nft add counter ip t second
        nft add rule ip t in ip daddr 127.0.0.2 tcp dport 5443 counter name second
        """

    /// Runs lines of `sh` in a namespace of their own. `fire ADDRESSES PATH [OPTION…]` sends a request, and says its exit
    /// status, and the answer's or the failure's code and certainty; `stop` ends nginx.
    private func run(_ lines: String) async throws -> [String] {
        let authority = try await CertificateAuthority.shared.value
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("first-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: root.path)
        defer { try? FileManager.default.removeItem(at: root) }
        try Self.configuration(root.path, authority)
            .write(to: root.appendingPathComponent("nginx.conf"), atomically: true, encoding: .utf8)
        let outcome = try await Namespace.run(
            """
            cd '\(root.path)'
            sysctl -qw net.ipv4.tcp_fastopen=3
            nft add table ip t; nft add chain ip t in '{ type filter hook input priority 0; }'
            \(Nginx.path) -p . -c nginx.conf -e errors || exit 1
            stop() { nginx=$(cat pid); kill -QUIT $nginx; tail -f --pid=$nginx /dev/null; }
            fire() {
                addresses=$1 path=$2; shift 2
                XDG_CACHE_HOME="$PWD" fletch -4 -f --tcp-fastopen --cacert '\(authority.root)' --receipt json "$@" \\
                    --resolve "origin.test:5443:$addresses" "https://origin.test:5443$path" > said 2>> errors
                echo $? $(sed -nE 's/.*"status":([0-9]+).*/\\1 -/p; s/.*"code":"([^"]*)".*/\\1/p' said) \\
                    $(sed -nE 's/.*"certainty":"([^"]*)".*/\\1/p' said)
            }
            \(lines)
            [ ! -e pid ] || stop
            """)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        return outcome.output.split(separator: "\n").map(String.init)
    }

    private static func configuration(_ root: String, _ authority: CertificateAuthority) -> String {
        let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(root)/\($0);" }
        return """
            worker_processes 1; pid \(root)/pid; error_log \(root)/errors;
            events { }
            http {
                log_format early '$request_uri $ssl_early_data'; access_log \(root)/log early;
                ssl_protocols TLSv1.3; ssl_early_data on; keepalive_timeout 0;
                ssl_certificate \(authority.chain(.good)); ssl_certificate_key \(authority.key(.good));
                \(paths.joined(separator: " "))
                server { listen 5443 ssl fastopen=64; location / { return 200; } }
            }
            """
    }
}

extension String {
    /// Without what surrounds them.
    fileprivate var words: String { split(separator: " ").joined(separator: " ") }
}
