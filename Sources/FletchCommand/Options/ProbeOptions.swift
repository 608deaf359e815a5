import ArgumentParser
import Fletch
import HTTPTypes

/// What a probe may send, and what it says.
struct ProbeOptions: ParsableArguments {
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Send this method, too: where it does the work, it shows more. May be repeated. (default: only HEAD and OPTIONS)",
            valueName: "method"))
    var method: [String] = []

    @Flag(help: "One line of JSON in place of the text.")
    var json = false

    /// Each once, in order.
    func methods() throws -> [HTTPRequest.Method] {
        var methods: [HTTPRequest.Method] = [.head, .options]
        for name in method {
            guard let method = HTTPRequest.Method(name), method != .connect else {
                throw ValidationError("--method \(name): not a method that an endpoint answers")
            }
            if !methods.contains(method) { methods.append(method) }
        }
        return methods
    }
}
