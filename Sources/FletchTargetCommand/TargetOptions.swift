import ArgumentParser
import FletchTarget

extension Behavior: ExpressibleByArgument {}

extension DisconnectPolicy: ExpressibleByArgument {}

struct PlaceOptions: ParsableArguments {
    @Option(help: "The port; 0 lets the system choose.")
    var port: UInt16 = 5000

    @Option(help: "The address.")
    var host = TargetConfiguration().host

    @Option(help: ArgumentHelp("A Unix socket in place of host and port.", valueName: "path"))
    var unixSocket: String?

    @Option(help: ArgumentHelp("The receive buffer of its connections, in bytes.", valueName: "bytes"))
    var receiveBuffer: Int?

    func apply(to configuration: inout TargetConfiguration) {
        configuration.port = Int(port)
        configuration.host = host
        configuration.unixSocketPath = unixSocket
        configuration.receiveBufferBytes = receiveBuffer
    }
}

struct ConductOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How long the work takes: 1s, 250ms, 0.5.", valueName: "time"))
    var delay = Seconds(.zero)

    @Option(help: "What it does with a request.")
    var behavior = TargetConfiguration().behavior

    @Option(help: "What becomes of the work when the client leaves: finish as Node does, abort as nginx and Go do.")
    var onDisconnect = TargetConfiguration().onDisconnect

    @Option(help: ArgumentHelp("The time between two bytes of --behavior trickle.", valueName: "time"))
    var trickleInterval = Seconds(TargetConfiguration().trickleInterval)

    func apply(to configuration: inout TargetConfiguration) {
        configuration.delay = delay.duration
        configuration.behavior = behavior
        configuration.onDisconnect = onDisconnect
        configuration.trickleInterval = trickleInterval.duration
    }
}

struct ResponseOptions: ParsableArguments {
    @Option(help: "The status.")
    var status = TargetConfiguration().status

    @Option(help: ArgumentHelp("The size of the body.", valueName: "bytes"))
    var bodyBytes = TargetConfiguration().bodyBytes

    @Option(help: ArgumentHelp("The size that the head is padded to.", valueName: "bytes"))
    var headBytes = TargetConfiguration().headBytes

    @Flag(help: "Send the body chunked, without telling its length beforehand.")
    var chunked = false

    func validate() throws {
        guard (200...999).contains(status) else { throw ValidationError("--status must be 200 to 999") }
        guard (0...Self.maximumHeadBytes).contains(headBytes), bodyBytes >= 0 else {
            throw ValidationError("--head-bytes must be 0 to \(Self.maximumHeadBytes), --body-bytes at least 0")
        }
    }

    func apply(to configuration: inout TargetConfiguration) {
        configuration.status = status
        configuration.bodyBytes = bodyBytes
        configuration.headBytes = headBytes
        configuration.isChunked = chunked
    }

    private static let maximumHeadBytes = 1 << 20
}

/// A time on the command line: `1s`, `250ms`, or seconds.
struct Seconds: ExpressibleByArgument {
    let duration: Duration

    init(_ duration: Duration) { self.duration = duration }

    init?(argument: String) {
        let isMilliseconds = argument.hasSuffix("ms")
        let number =
            isMilliseconds ? argument.dropLast(2) : argument.hasSuffix("s") ? argument.dropLast() : argument[...]
        guard let value = Double(number), (0...Self.maximum).contains(value) else { return nil }
        duration = isMilliseconds ? .milliseconds(value) : .seconds(value)
    }

    var defaultValueDescription: String { "\(duration)" }

    private static let maximum = 86_400_000.0
}
