import ArgumentParser

/// Options of curl that make sense only with a response in hand: refused with the reason, never ignored.
struct RefusedOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("Only /dev/null is accepted.", valueName: "file"))
    var output: String?

    @Option(name: .shortAndLong, parsing: .unconditional, help: .hidden)
    var writeOut: String?

    @Option(name: [.customShort("F"), .long], parsing: .unconditionalSingleValue, help: .hidden)
    var form: [String] = []

    @Flag(name: [.customShort("L"), .long], help: .hidden)
    var location = false

    @Flag(name: [.customShort("O"), .long], help: .hidden)
    var remoteName = false

    @Flag(name: .shortAndLong, help: .hidden)
    var include = false

    func validate() throws {
        if let output, output != "/dev/null" {
            throw ValidationError("-o \(output): the response is not downloaded; only -o /dev/null is accepted")
        }
        if writeOut != nil {
            throw ValidationError("-w: the response is not downloaded; --receipt json says what is known of it")
        }
        if !form.isEmpty { throw ValidationError("-F: multipart forms are not supported; build the body and use -d") }
        if location { throw ValidationError("-L: redirects are not followed; give the final URL") }
        if remoteName { throw ValidationError("-O: the response is not downloaded") }
        if include { throw ValidationError("-i: the response is not downloaded; -v shows its status") }
    }
}
