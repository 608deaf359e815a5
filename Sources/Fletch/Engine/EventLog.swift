import Logging

/// What a client says to the program's log: origins and codes, never what a request carries.
struct EventLog: Sendable {
    private let logger: Logger?

    init(_ logger: Logger?) { self.logger = logger }

    func failed(_ error: FletchError) {
        logger?.debug(
            "fired request failed",
            metadata: ["code": "\(error.code.rawValue)", "certainty": "\(error.certainty.rawValue)"])
    }

    func circuitOpened(_ endpoint: Endpoint) {
        logger?.warning("origin cannot be connected to: its requests are dropped", metadata: ["origin": "\(endpoint)"])
    }

    func circuitClosed(_ endpoint: Endpoint) {
        logger?.notice("origin can be connected to again", metadata: ["origin": "\(endpoint)"])
    }
}
