import Fletch
import HTTPTypes

/// What one probe is to do, worked out before anything is sent.
struct ProbeJob {
    /// One for each method that is allowed, in the order in which they are sent.
    let requests: [FletchRequest]
    let configuration: Configuration
    /// The longest that one request may take.
    let limit: Duration
    let isJSON: Bool
    /// The methods that the user has allowed begin here.
    static let ownMethodIndex = 2

    init(_ command: ProbeCommand) throws {
        limit = command.time.longest ?? .seconds(10)
        isJSON = command.probe.json
        let lines = try FieldLines(command.request)
        var configuration = try Configuration(command.request, lines, command.time, command.connection)
        configuration.deadline = limit
        // Sessions of other runs, and what other runs are to find, are no part of the experiment.
        configuration.tls.sessionStore = KeptSessions()
        configuration.tls.usesEarlyData = false
        configuration.usesFastOpen = false
        self.configuration = configuration
        let builder = RequestBuilder(
            options: command.request, lines: lines, bodyOptions: try BodyOptions.parse([]),
            connection: command.connection)
        requests = try builder.requests(for: [command.url]).flatMap { prototype in
            try command.probe.methods().map { method in
                var request = prototype
                request.method = method
                // Short ones are read whole, so that their connection can be kept.
                request.keep = .everything(upTo: Asker.maximumBodyBytes)
                return request
            }
        }
    }
}
