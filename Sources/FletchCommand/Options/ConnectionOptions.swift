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

    /// As with curl, the last one counts.
    @Flag(exclusivity: .chooseLast)
    var onlyFamily: OnlyFamily?

    @Flag(
        help: """
            Connect to public addresses only: refuses private, loopback, link-local and all other special ones (RFC 6890), \
            names that have any such address, Unix sockets and proxies.
            """)
    var publicOnly = false

    @Option(help: ArgumentHelp("With --public-only, allow these as well.", valueName: "address[/bits][,…]"))
    var allowTarget: [String] = []

    @Flag(help: "Send data in the first packet where the origin has allowed it (methods that may arrive twice only).")
    var tcpFastopen = false

    @Flag(name: [.customShort("k"), .long], help: "Do not verify the server's certificate.")
    var insecure = false

    @Option(help: ArgumentHelp("Authorities to trust in place of the system's.", valueName: "file"))
    var cacert: String?

    @Option(help: ArgumentHelp("Authorities to trust, hashed.", valueName: "directory"))
    var capath: String?

    @Option(name: [.customShort("E"), .long], help: ArgumentHelp("The client's certificate.", valueName: "file"))
    var cert: String?

    @Option(help: ArgumentHelp("The key of --cert, without a passphrase. (default: in --cert)", valueName: "file"))
    var key: String?

    @Option(
        help: ArgumentHelp("The server's public keys, one of which it must have.", valueName: "sha256//…[;…]"))
    var pinnedpubkey: String?

    @Flag(name: .customLong("tlsv1.2"), help: "TLS 1.2 or later. (default)")
    var isVersion12 = false

    @Flag(name: .customLong("tlsv1.3"), help: "TLS 1.3 or later.")
    var isVersion13 = false

    @Option(help: "The latest version of TLS: 1.2 or 1.3. (default: 1.3)")
    var tlsMax: String?

    @Flag(help: "Send the request with the handshake of a resumed session (methods that may arrive twice only).")
    var tlsEarlydata = false

    @Flag(help: "Neither use nor keep TLS sessions of other runs.")
    var noSessionCache = false

    /// `host:port` and its addresses; an IPv6 address may be in brackets.
    func addresses() throws -> [String: [String]] {
        var addresses: [String: [String]] = [:]
        for entry in resolve {
            let text = entry.hasPrefix("+") ? entry.dropFirst() : entry[...]
            let parts = text.split(separator: ":", maxSplits: 2).map(String.init)
            guard parts.count == 3, let port = UInt16(parts[1]), parts[0] != "*" else {
                throw ValidationError("--resolve \(entry): write host:port:address, each by itself")
            }
            let list = parts[2].split(separator: ",")
            if list.isEmpty { throw ValidationError("--resolve \(entry): it names no address") }
            addresses["\(parts[0].lowercased()):\(port)"] = list.map { address in
                String(address.drop { $0 == "[" }.prefix { $0 != "]" })
            }
        }
        return addresses
    }

    /// What may be connected to.
    func addressPolicy() throws -> AddressPolicy {
        guard publicOnly else {
            guard allowTarget.isEmpty else {
                throw ValidationError("--allow-target: every target is allowed without --public-only; add it")
            }
            return .any
        }
        let texts = allowTarget.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
        return .publicOnly(
            except: try texts.map { text in
                if let block = AddressBlock(String(text)) { return block }
                throw ValidationError(
                    "--allow-target \(text): write an address, or a block as 10.0.0.0/8, whose first address it is")
            })
    }

    /// A list that is empty by mistake, as of a variable that is not set, must not mean that any key will do.
    private func pins() throws -> [String] {
        guard let pinnedpubkey else { return [] }
        let pins = pinnedpubkey.unicodeScalars.split(separator: ";").map(String.init)
        if pins.isEmpty { throw ValidationError("--pinnedpubkey names no key: write sha256//…, or leave it out") }
        return pins
    }

    /// What applies: the options before the environment.
    var proxySetting: ProxySetting { .environment(url: proxy, except: noproxy) }

    var addressFamily: AddressFamily {
        switch onlyFamily {
        case .ipv4: .ipv4
        case .ipv6: .ipv6
        case nil: .any
        }
    }

    /// What the options of TLS say.
    func tls() throws -> TLSSettings {
        CallerFile.settleEnvironment()
        var settings = TLSSettings()
        settings.verifiesPeer = !insecure
        settings.authorityFile = cacert.map(CallerFile.readablePath)
        settings.authorityDirectory = capath.map(CallerFile.readablePath)
        settings.certificateFile = cert.map(CallerFile.readablePath)
        settings.keyFile = key.map(CallerFile.readablePath)
        settings.pinnedPublicKeys = try pins()
        if isVersion13 { settings.minimumVersion = .v1_3 }
        if let tlsMax {
            guard let version = TLSVersion(rawValue: "TLSv" + tlsMax) else {
                throw ValidationError("--tls-max \(tlsMax): write 1.2 or 1.3")
            }
            if isVersion13, version == .v1_2 { throw ValidationError("--tlsv1.3 and --tls-max 1.2 leave no version") }
            settings.maximumVersion = version
        }
        settings.usesEarlyData = tlsEarlydata
        if !noSessionCache { settings.sessionStore = SessionFile.ofUser }
        return settings
    }
}

/// The one version of IP that addresses are to be of.
enum OnlyFamily: EnumerableFlag {
    case ipv4, ipv6

    static func name(for value: OnlyFamily) -> NameSpecification {
        switch value {
        case .ipv4: [.customShort("4"), .long]
        case .ipv6: [.customShort("6"), .long]
        }
    }

    static func help(for value: OnlyFamily) -> ArgumentHelp? {
        switch value {
        case .ipv4: "IPv4 only."
        case .ipv6: "IPv6 only."
        }
    }
}
