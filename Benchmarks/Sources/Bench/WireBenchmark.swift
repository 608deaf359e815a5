import Foundation

/// Bytes and packets of one exchange, through a pair of network namespaces.
struct WireBenchmark {
    let tools: Tools
    let rounds: Int
    private let client = "fletch-bench-client"
    private let server = "fletch-bench-server"

    private struct Count {
        let sentBytes: Double
        let receivedBytes: Double
        let packets: Double
    }

    func run() throws -> Section {
        var section = Section(
            title: "Bytes and packets of one request",
            method: """
                Counted at the client's end of a veth pair with segmentation offload off, link headers (14 bytes a packet) \
                included. The origin is `fletch-target`. Fletch parks until the response (`automatic`), and so knows the \
                status; the article's method (Node: write, then destroy) leaves at once and knows nothing.
                """,
            header: ["response", "after", "", "bytes out", "bytes in", "packets"])
        guard geteuid() == 0 else {
            section.verdicts.append("not measured: network namespaces take root")
            return section
        }
        try setUp()
        defer { tearDown() }
        for (body, name) in [("4", "4 B"), ("10000", "10 KB"), ("1000000", "1 MB")] {
            for delay in ["0ms", "50ms"] { try measure(body, name, delay, &section) }
        }
        return section
    }

    private func measure(_ body: String, _ name: String, _ delay: String, _ section: inout Section) throws {
        let target = try Command(
            tools.target, "--host", "10.99.0.1", "--port", "5000", "--log", "text", "--delay", delay, "--body-bytes",
            body
        ).inside(server).start(outputTo: .pipe)
        defer { target.end() }
        _ = target.readLine()
        let url = "http://10.99.0.1:5000/"
        let peers = [
            ("**Fletch**", Command(tools.fletch, "--foreground", url)),
            ("article", Command(tools.node, tools.article, "10.99.0.1", "5000")),
            ("curl", Command(tools.curl, "-s", "-o", "/dev/null", url)),
        ]
        for (peer, command) in peers {
            let counts = try (0..<rounds).map { _ in try count(command) }
            let received = median(counts.map(\.receivedBytes))
            let packets = median(counts.map(\.packets))
            section.rows.append([
                name, delay, peer, rounded(median(counts.map(\.sentBytes)), 0), rounded(received, 0),
                rounded(packets, 0),
            ])
            guard peer.contains("Fletch") else { continue }
            if body == "1000000", delay == "50ms" {
                section.judge("1 MB after 50 ms, bytes received", received, wanted: 1_500, decimals: 0)
                section.judge("1 MB after 50 ms, packets", packets, wanted: 9, decimals: 0)
            } else if body == "4" {
                section.judge("4 B after \(delay), packets", packets, wanted: 7, decimals: 0)
            }
        }
    }

    private func count(_ command: Command) throws -> Count {
        let before = try counters()
        try command.inside(client).run()
        // What is still on its way when the client has ended: the response, resets.
        usleep(250_000)
        let after = try counters()
        let change = zip(after, before).map { $0 - $1 }
        return Count(sentBytes: change[0], receivedBytes: change[1], packets: change[2] + change[3])
    }

    private func counters() throws -> [Double] {
        let folder = "/sys/class/net/fbc/statistics/"
        let files = ["tx_bytes", "rx_bytes", "tx_packets", "rx_packets"].map { folder + $0 }
        let output = try Command(["/bin/cat"] + files).inside(client).run().output
        return output.split(separator: "\n").compactMap { Double($0) }
    }

    private func setUp() throws {
        tearDown()
        try shell(
            """
            ip netns add \(client); ip netns add \(server)
            for name in \(client) \(server); do
                ip netns exec $name sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
            done
            ip link add fbc netns \(client) type veth peer name fbs netns \(server)
            ip -n \(server) addr add 10.99.0.1/24 dev fbs; ip -n \(client) addr add 10.99.0.2/24 dev fbc
            ip netns exec \(server) ethtool -K fbs tso off gso off gro off
            ip netns exec \(client) ethtool -K fbc tso off gso off gro off
            ip -n \(server) link set fbs up; ip -n \(client) link set fbc up
            ip -n \(server) neigh add 10.99.0.2 dev fbs lladdr $(ip netns exec \(client) cat /sys/class/net/fbc/address)
            ip -n \(client) neigh add 10.99.0.1 dev fbc lladdr $(ip netns exec \(server) cat /sys/class/net/fbs/address)
            """)
    }

    private func tearDown() { try? shell("ip netns del \(client); ip netns del \(server)") }

    private func shell(_ lines: String) throws {
        try Command("/bin/sh", "-c", "PATH=$PATH:/usr/sbin:/sbin; { \(lines)\n} >/dev/null 2>&1").run()
    }
}
