import ArgumentParser
import Fletch

/// `fletch [send] [options] URL…`
struct SendCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fletch",
        // Spares each start two parses that look for a request of completions (Completions has them).
        _superCommandName: "",
        abstract: "Sends requests and lets go: says how far each got, and does not pay for the response.",
        usage: "fletch [send] [options] <url> …",
        discussion: """
            Returns as soon as the request is safe (--until). A background process keeps the connection until the \
            origin has answered (--disposal, --park), so that nothing on the way aborts the work.

            Two more commands have a --help of their own:
            fletch volley <file> … sends many requests, and says what became of them.
            fletch probe <url> says what an endpoint makes of a client that lets go.

            Exit status: 0 when the milestone was reached, else curl's number for the same failure: 1 scheme not \
            supported, or the answer is not HTTP · 2 usage · 3 URL · 4 no OpenSSL · 5 proxy · 6 name · 7 connect · 8 \
            malformed head or length · 18 body cut short · 22 status of 400 or more, with -f · 23 output not written · \
            26 body unreadable · 27 head too large · 28 deadline · 35 TLS handshake · 52 closed without an answer · 55 \
            send · 56 receive · 58 client's certificate · 60 server's certificate · 77 authorities · 90 pinned key.
            """)

    @Argument(help: "Where to; without a scheme, http:// is meant.")
    var url: [String] = []

    @OptionGroup(title: "Output and milestone") var receipt: ReceiptOptions
    @OptionGroup(title: "The request") var request: RequestOptions
    @OptionGroup(title: "The body") var body: BodyOptions
    @OptionGroup(title: "Time and retries") var time: TimeOptions
    @OptionGroup(title: "The connection") var connection: ConnectionOptions

    @Flag(name: [.customShort("V"), .long], help: "Show the version.")
    var version = false

    func validate() throws {
        if version { throw CleanExit.message("fletch \(fletchVersion)") }
        guard !url.isEmpty else { throw ValidationError("no URL: give at least one") }
    }
}
