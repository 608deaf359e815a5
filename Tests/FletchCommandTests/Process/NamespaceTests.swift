import Foundation
import Testing

/// What only a network of one's own can show: acknowledgements that get lost, ports that run out, data in the first
/// packet. Each test makes a namespace, which ends with it.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Namespace.isAvailable, "a network namespace takes root and iproute2"))
struct NamespaceTests {
    @Test(.enabled(if: Namespace.hasFilter, "nft is not installed, or the kernel has no nftables"))
    func nothingIsAcknowledgedWhileAcknowledgementsAreLost() async throws {
        // The handshake passes, what acknowledges the request does not.
        let outcome = try await Namespace.run(
            """
            nft add table ip t; nft add chain ip t out '{ type filter hook output priority 0; }'
            nft add rule ip t out tcp sport 5000 tcp flags '& (syn|ack) == ack' drop
            fletch --until written --disposal close --receipt json http://127.0.0.1:5000/written
            echo "status $?"
            fletch --until acknowledged -m 2 --receipt json http://127.0.0.1:5000/lost
            echo "status $?"
            """)
        let lines = outcome.output.split(separator: "\n").map(String.init)
        try #require(lines.count == 4, "\(outcome.output)\(outcome.errors)")
        #expect(lines[0].contains("\"milestone\":\"written\""))
        #expect(lines[1] == "status 0")
        #expect(lines[2].contains("\"milestone\":\"written\""))
        #expect(lines[2].contains("\"code\":\"deadline-exceeded\""))
        #expect(lines[2].contains("\"certainty\":\"unknown\""))
        #expect(lines[3] == "status 28")
    }

    @Test(.enabled(if: Namespace.hasFilter, "nft is not installed, or the kernel has no nftables"))
    func acknowledgedIsReportedOnceAcknowledgementsPassAgain() async throws {
        let outcome = try await Namespace.run(
            """
            nft add table ip t; nft add chain ip t out '{ type filter hook output priority 0; }'
            nft add rule ip t out tcp sport 5000 tcp flags '& (syn|ack) == ack' drop
            fletch --receipt json --disposal reset http://127.0.0.1:5000/late & sender=$!
            tail -f -n +1 "$1" | grep -qm1 /late
            kill -0 $sender && echo "arrived, and still waiting"
            nft flush table ip t
            wait $sender
            """)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = outcome.output.split(separator: "\n")
        try #require(lines.count == 2, "\(outcome.output)\(outcome.errors)")
        #expect(lines[0] == "arrived, and still waiting")
        #expect(lines[1].contains("\"acknowledged\":"))
    }

    @Test func localPortsRunOut() async throws {
        let outcome = try await Namespace.run(
            """
            sysctl -qw net.ipv4.ip_local_port_range="50000 50000"
            fletch --until written http://127.0.0.1:5000/never-answer
            fletch --receipt json http://127.0.0.1:5000/second
            echo "status $?"
            """, target: "--behavior never-answer")
        #expect(outcome.output.contains("\"code\":\"local-ports-exhausted\""), "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.contains("\"certainty\":\"not-sent\""))
        #expect(outcome.output.contains("status 7"))
    }

    /// The connections that hold the ports are the command's own: the others wait for them.
    @Test func volleyWaitsForItsOwnPorts() async throws {
        let outcome = try await Namespace.run(
            """
            sysctl -qw net.ipv4.ip_local_port_range="50000 50009"
            seq -f 'http://127.0.0.1:5000/%g' 100 | fletch volley --retry 0 --until answered --summary json -
            """, target: "--delay 20ms")
        #expect(outcome.output.contains("\"answered\":100"), "\(outcome.output)\(outcome.errors)")
        #expect(outcome.status == 0)
    }

    /// Nobody listens at the other address: that says less than that this one could not be tried.
    @Test func volleyWaitsForItsOwnPortsWhereANameHasTwoAddresses() async throws {
        let outcome = try await Namespace.run(
            """
            sysctl -qw net.ipv4.ip_local_port_range="50000 50009"
            seq -f 'http://two.test:5000/%g' 100 |
                fletch volley --retry 0 --until answered --resolve 'two.test:5000:[::1],127.0.0.1' --summary json -
            """, target: "--delay 20ms")
        #expect(outcome.output.contains("\"answered\":100"), "\(outcome.output)\(outcome.errors)")
        #expect(outcome.status == 0)
    }

    /// Neither a network, nor an address to come from, nor a port that is missing.
    @Test func withoutARouteNothingIsSent() async throws {
        let outcome = try await Namespace.run(
            """
            sysctl -qw net.ipv6.conf.all.disable_ipv6=1
            for url in http://10.1.2.3:5000/ http://[::1]:5000/; do
                fletch --receipt json "$url"
                echo "status $?"
            done
            fletch --receipt json --resolve 'two.test:5000:[::1],127.0.0.2' http://two.test:5000/
            """)
        let lines = outcome.output.split(separator: "\n")
        try #require(lines.count == 5, "\(outcome.output)\(outcome.errors)")
        for line in [lines[0], lines[2]] {
            #expect(line.contains("\"code\":\"network-unreachable\"") && line.contains("\"certainty\":\"not-sent\""))
        }
        #expect(lines[1] == "status 7" && lines[3] == "status 7")
        #expect(lines[4].contains("\"code\":\"connect-failed\""))
    }

    /// A lookup takes descriptors as well, and without them says that there is no such name.
    @Test func volleyWaitsForDescriptorsToLookNamesUp() async throws {
        let outcome = try await Namespace.run(
            """
            hosts=$(mktemp)
            seq -f '127.0.0.1 n%g.test' 300 > $hosts
            seq -f 'http://n%g.test:5000/' 300 | unshare --mount /bin/sh -c "
                mount --bind $hosts /etc/hosts
                ulimit -n 20
                exec '\(Shell.fletch)' volley --retry 0 --until answered --summary json -"
            status=$?
            rm $hosts
            exit $status
            """, target: "--delay 5ms")
        #expect(outcome.output.contains("\"answered\":300"), "\(outcome.output)\(outcome.errors)")
        #expect(outcome.status == 0)
    }

    /// Connections that nobody uses are given up for a lookup, too: none is waited for until it has been idle for long.
    @Test func idleConnectionsGiveWayToALookup() async throws {
        let outcome = try await Namespace.run(
            """
            ( ulimit -n 14
              ( seq -f 'http://127.0.0.%g:5000/' 2 31; echo http://localhost:5000/last; tail -f --pid=$target /dev/null ) |
                  fletch volley --retry 0 --until answered --summary json - & volley=$!
              timeout 20 tail -f -n +1 "$1" | grep -qm1 /last && echo arrived
              kill -INT $volley )
            """, target: "--host 0.0.0.0")
        #expect(outcome.output.contains("arrived"), "\(outcome.output)\(outcome.errors)")
    }

    @Test func volleyWaitsForItsOwnDescriptors() async throws {
        let outcome = try await Namespace.run(
            """
            seq -f 'http://127.0.0.1:5000/%g' 500 |
                ( ulimit -n 20; fletch volley --retry 0 --until answered --summary json - )
            """, target: "--delay 20ms")
        #expect(outcome.output.contains("\"answered\":500"), "\(outcome.output)\(outcome.errors)")
        #expect(outcome.status == 0)
    }

    @Test func descriptorsRunOut() async throws {
        // The standard streams, the pipe, two eventfds and epoll: none is left for the socket.
        for limit in [5, 6, 7] {
            let outcome = try await Namespace.run("ulimit -n \(limit); fletch --receipt json http://127.0.0.1:5000/")
            #expect(outcome.status == 7, "\(limit): \(outcome.output)\(outcome.errors)")
            #expect(outcome.errors.contains("descriptors-exhausted") || outcome.errors.contains("descriptor"))
        }
    }

    @Test func dataRidesOnTheHandshakeOnceTheOriginHasAllowedIt() async throws {
        let outcome = try await Namespace.run(
            """
            sysctl -qw net.ipv4.tcp_fastopen=3
            for number in 1 2 3; do
                fletch -f --tcp-fastopen http://127.0.0.1:5000/$number || echo "status $?"
            done
            fletch -f --tcp-fastopen -d body http://127.0.0.1:5000/post || echo "status $?"
            nstat -az TcpExtTCPFastOpenActive TcpExtTCPFastOpenPassive | tail -2
            """)
        let lines = outcome.output.split(separator: "\n").map { $0.split(separator: " ") }
        try #require(lines.count == 2, "\(outcome.output)\(outcome.errors)")
        // The first asks for the cookie, the two after it use it; the POST may not arrive twice and takes no part.
        #expect(lines[0][1] == "2")
        #expect(lines[1][1] == "2")
    }

    @Test func probeSeesWhetherDataMayRideOnTheHandshake() async throws {
        let outcome = try await Namespace.run(
            """
            for setting in 3 1 0; do
                sysctl -qw net.ipv4.tcp_fastopen=$setting
                fletch probe http://127.0.0.1:5000/ | grep 'Fast Open'
                ip tcp_metrics flush all
            done
            """)
        let lines = outcome.output.split(separator: "\n")
        try #require(lines.count == 3, "\(outcome.output)\(outcome.errors)")
        #expect(lines[0].contains("yes"))
        #expect(lines[1].contains("no: "))
        #expect(lines[2].contains("not tried"))
    }
}

/// A namespace for network and mounts, with a target on port 5000.
enum Namespace {
    static var isAvailable: Bool { geteuid() == 0 && isExecutable("/usr/sbin/ip", "/sbin/ip") }

    static var hasFilter: Bool { isExecutable("/usr/sbin/nft", "/sbin/nft") }

    /// Runs lines of `sh`, with `fletch` in place of the built command.
    static func run(_ lines: String, target arguments: String = "") async throws -> Shell.Outcome {
        let target = Shell.fletch + "-target"
        let script = """
            ip link set lo up
            fletch() { '\(Shell.fletch)' "$@"; }
            '\(target)' --port 5000 \(arguments) > "$1" & target=$!
            tail -f --pid=$target -n +1 "$1" | grep -qm1 listening
            ( \(lines)
            )
            status=$?
            kill $target
            exit $status
            """
        let log = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try Data().write(to: URL(fileURLWithPath: log))
        defer { try? FileManager.default.removeItem(atPath: log) }
        return try await Shell.run(["/usr/bin/unshare", "--net", "--mount", "/bin/sh", "-c", script, "sh", log])
    }

    private static func isExecutable(_ paths: String...) -> Bool {
        paths.contains { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
