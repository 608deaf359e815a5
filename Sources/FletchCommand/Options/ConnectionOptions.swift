import ArgumentParser
import Fletch

/// How the origin is reached.
struct ConnectionOptions: ParsableArguments {
    @Option(
        name: [.customShort("x"), .long],
        help: ArgumentHelp("The proxy; empty for none. (default: http_proxy)", valueName: "url"))
    var proxy: String?

    @Option(help: ArgumentHelp("Hosts without a proxy. (default: no_proxy)", valueName: "hosts"))
    var noproxy: String?

    @Option(help: ArgumentHelp("Use these addresses.", valueName: "host:port:address[,…]"))
    var resolve: [String] = []

    @Option(help: ArgumentHelp("Connect to this Unix socket.", valueName: "path"))
    var unixSocket: String?

    @Flag(name: [.customShort("4"), .customLong("ipv4")], help: "IPv4 only.")
    var isVersion4Only = false

    @Flag(name: [.customShort("6"), .customLong("ipv6")], help: "IPv6 only.")
    var isVersion6Only = false

    @Flag(help: "Send data in the first packet where the origin has allowed it (methods that may arrive twice only).")
    var tcpFastopen = false

    // Without a meaning for http://, as in curl; https:// fails before any of them matters.

    @Flag(name: [.customShort("k"), .long], help: "Do not verify the certificate (https is not supported yet).")
    var insecure = false

    @Option(help: ArgumentHelp("The authorities to trust (https is not supported yet).", valueName: "file"))
    var cacert: String?

    @Option(help: ArgumentHelp("The client's certificate (https is not supported yet).", valueName: "file"))
    var cert: String?

    @Option(help: ArgumentHelp("The client's key (https is not supported yet).", valueName: "file"))
    var key: String?

    @Flag(help: "Send data with the TLS handshake (https is not supported yet).")
    var tlsEarlydata = false

    /// `host:port` and its addresses; an IPv6 address may be in brackets.
    func addresses() throws -> [String: [String]] {
        var addresses: [String: [String]] = [:]
        for entry in resolve {
            let text = entry.hasPrefix("+") ? entry.dropFirst() : entry[...]
            let parts = text.split(separator: ":", maxSplits: 2).map(String.init)
            guard parts.count == 3, UInt16(parts[1]) != nil, !parts[0].isEmpty else {
                throw ValidationError("--resolve \(entry): write host:port:address")
            }
            addresses["\(parts[0].lowercased()):\(parts[1])"] = parts[2].split(separator: ",").map { address in
                String(address.drop { $0 == "[" }.prefix { $0 != "]" })
            }
        }
        return addresses
    }

    /// What applies: the options before the environment.
    var proxySetting: ProxySetting { .environment(url: proxy, except: noproxy) }

    var addressFamily: AddressFamily { isVersion4Only ? .ipv4 : isVersion6Only ? .ipv6 : .any }
}
