import ArgumentParser

/// Without a meaning for `http://`, as in curl; `https://` fails before any of them matters.
struct TLSOptions: ParsableArguments {
    @Flag(name: [.customShort("k"), .long], help: "Do not verify the certificate.")
    var insecure = false

    @Option(help: ArgumentHelp("The authorities to trust.", valueName: "file"))
    var cacert: String?

    @Option(help: ArgumentHelp("The client's certificate.", valueName: "file"))
    var cert: String?

    @Option(help: ArgumentHelp("The client's key.", valueName: "file"))
    var key: String?

    @Flag(help: "Send data with the handshake.")
    var tlsEarlydata = false
}
