import ArgumentParser

/// The whole command line in one tree, for shells to complete: parsing it costs more than `send` alone does.
struct Completions: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fletch", subcommands: [Volley.self, Probe.self])

    @OptionGroup var send: SendCommand

    private struct Volley: ParsableCommand {
        @OptionGroup var options: VolleyCommand
    }

    private struct Probe: ParsableCommand {
        @OptionGroup var options: ProbeCommand
    }
}
