import Foundation

/// Two network namespaces, joined by a veth pair without segmentation offload, so that packets are what they would be on a
/// wire.
struct Network {
    /// Namespaces take root.
    static var isAvailable: Bool { geteuid() == 0 }

    let client = "fletch-bench-client"
    let server = "fletch-bench-server"
    /// The server's.
    let address = "10.99.0.1"

    /// What has passed the client's end.
    struct Traffic {
        let sentBytes: Double
        let receivedBytes: Double
        let packets: Double
    }

    /// Counts while `body` runs.
    func traffic(_ body: () throws -> Void) throws -> Traffic {
        let before = try counters()
        try body()
        // What is still on its way when the client has ended: the response, resets.
        usleep(250_000)
        let change = try zip(counters(), before).map { $0 - $1 }
        guard change.count == 4 else { throw BenchmarkError("the network cannot be made, or not be counted in") }
        return Traffic(sentBytes: change[0], receivedBytes: change[1], packets: change[2] + change[3])
    }

    private func counters() throws -> [Double] {
        let folder = "/sys/class/net/fbc/statistics/"
        let files = ["tx_bytes", "rx_bytes", "tx_packets", "rx_packets"].map { folder + $0 }
        let output = try Command(["/bin/cat"] + files).inside(client).run().output
        return output.split(separator: "\n").compactMap { Double($0) }
    }

    fileprivate func setUp() throws {
        tearDown()
        try shell(
            """
            ip netns add \(client); ip netns add \(server)
            for name in \(client) \(server); do
                ip netns exec $name sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
            done
            ip link add fbc netns \(client) type veth peer name fbs netns \(server)
            ip -n \(server) addr add \(address)/24 dev fbs; ip -n \(client) addr add 10.99.0.2/24 dev fbc
            ip netns exec \(server) ethtool -K fbs tso off gso off gro off
            ip netns exec \(client) ethtool -K fbc tso off gso off gro off
            ip -n \(server) link set fbs up; ip -n \(client) link set fbc up
            ip -n \(server) neigh add 10.99.0.2 dev fbs lladdr $(ip netns exec \(client) cat /sys/class/net/fbc/address)
            ip -n \(client) neigh add \(address) dev fbc lladdr $(ip netns exec \(server) cat /sys/class/net/fbs/address)
            """)
    }

    fileprivate func tearDown() { try? shell("ip netns del \(client); ip netns del \(server)") }

    private func shell(_ lines: String) throws {
        try Command("/bin/sh", "-c", "PATH=$PATH:/usr/sbin:/sbin; { \(lines)\n} >/dev/null 2>&1").run()
    }
}

/// Makes a network for the time of `body`.
func withNetwork(_ body: (Network) throws -> Void) throws {
    let network = Network()
    try network.setUp()
    defer { network.tearDown() }
    try body(network)
}
