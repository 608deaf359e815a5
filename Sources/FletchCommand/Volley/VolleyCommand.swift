import ArgumentParser
import Fletch

/// `fletch volley [options] FILE…`
struct VolleyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fletch volley",
        abstract: "Sends many requests, and says what became of them.",
        usage: "fletch volley [options] <file> …",
        discussion: """
            A line of a file is a URL, or a request as JSON: {"method", "url", "header" or "headers", "body" (base64), \
            "body_text" or "body_file"}. Files are read as they are sent, so they may be larger than memory. The \
            options of a request are the defaults of every line.

            Stays until every connection is disposed of. Ctrl-C sends nothing more and waits for what is under way; a \
            second one ends at once. What fell short is written to --failures, to be fired again.

            Exit status: 0 when every request reached its milestone, else curl's number for the first failure; 2 where \
            lines could not be read; 130 after Ctrl-C, 143 after SIGTERM.
            """)

    @Argument(help: "Files of requests, one a line; - for standard input.")
    var file: [String] = []

    @OptionGroup(title: "How they are sent") var volley: VolleyOptions
    @OptionGroup(title: "Every request") var request: RequestOptions
    @OptionGroup(title: "Every body") var body: BodyOptions
    @OptionGroup(title: "Time and retries") var time: TimeOptions
    @OptionGroup(title: "The connection") var connection: ConnectionOptions

    func validate() throws {
        guard !file.isEmpty else { throw ValidationError("no file: give at least one, or - for standard input") }
        let isReadTwice = (body.paths + request.paths).contains(where: CallerFile.isStandardInput)
        if isReadTwice, file.contains(where: CallerFile.isStandardInput) {
            throw ValidationError("standard input holds the requests already: put the body, or the fields, into a file")
        }
        if file.contains("-"), volley.isRepeated {
            throw ValidationError(
                "standard input cannot be read again: leave --repeat and --duration out, or use a file")
        }
    }
}
