import ArgumentParser
import Synchronization

/// What the request carries.
struct BodyOptions: ParsableArguments {
    @Option(
        name: [.customShort("d"), .long, .customLong("data-ascii")], parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "A form's data; @file for a file without its line breaks, @- for standard input.", valueName: "data"))
    var data: [BodyPart] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("As -d, a file as it is.", valueName: "data"))
    var dataBinary: [BodyPart] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("As -d, without a meaning for @.", valueName: "data"))
    var dataRaw: [BodyPart] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("As --data-binary, with JSON's Content-Type and Accept.", valueName: "data"))
    var json: [BodyPart] = []

    @Option(
        name: [.customShort("T"), .long],
        help: ArgumentHelp("PUT this file; - for standard input.", valueName: "file"))
    var uploadFile: String?

    @Flag(name: [.customShort("G"), .long], help: "Put the data into the URL's query, and send GET.")
    var get = false

    /// The files that the body is read from; `-` for standard input.
    var paths: [String] { (uploadFile.map { [$0] } ?? []) + (data + dataBinary + json).compactMap(\.text.pathBehindAt) }

    func validate() throws {
        let hasData = !data.isEmpty || !dataBinary.isEmpty || !dataRaw.isEmpty || !json.isEmpty
        if hasData, uploadFile != nil { throw ValidationError("-T and -d exclude each other: choose one body") }
        if get, uploadFile != nil { throw ValidationError("-G and -T exclude each other: -G has no body") }
    }
}

/// One piece of the body as given, with its place among the others: curl joins them in the order given, whichever
/// option they came with.
struct BodyPart: ExpressibleByArgument {
    let text: String
    let place: Int

    init(argument: String) {
        text = argument
        place = Self.count.add(1, ordering: .relaxed).newValue
    }

    private static let count = Atomic(0)
}

extension String {
    /// What follows an `@` at the beginning: the file to read. A mark that follows it is part of the path.
    var pathBehindAt: String? { unicodeScalars.first == "@" ? String(unicodeScalars.dropFirst()) : nil }
}
