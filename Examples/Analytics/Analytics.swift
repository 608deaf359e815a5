import Fletch
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Logging

/// Tells another service what has happened.
struct Analytics: Sendable {
    let client: FletchClient
    let url: String

    /// Circuits are logged by the client; what it drops while one is open needs no line each.
    static func configuration(_ logger: Logger) -> Configuration {
        var configuration = Configuration()
        configuration.drainLimit = .seconds(20)  // of the 30 that an orchestrator gives before it kills
        configuration.logger = logger
        configuration.onFailure = { error in
            guard error.code != .circuitOpen else { return }
            let metadata: Logger.Metadata = ["code": "\(error.code)", "certainty": "\(error.certainty.rawValue)"]
            logger.warning("event lost", metadata: metadata)
        }
        return configuration
    }

    /// Returns at once, whatever the other service does.
    func track(_ name: String, product: String) {
        let event = Event(id: UUID(), name: name, product: product)
        guard let json = try? JSONEncoder().encode(event) else { return }  // Text always encodes.
        var request = FletchRequest(.post, url, fields: [.contentType: "application/json"])
        request.body = .bytes(Array(json))
        if let key = Self.key { request.fields[key] = event.id.uuidString }  // may be sent again when in doubt
        client.fire(request)  // never blocks, never throws
    }

    private static let key = HTTPField.Name("Idempotency-Key")

    /// What has become of all events so far.
    var health: Health {
        let statistics = client.statistics
        return Health(
            fired: statistics.acceptedCount, acknowledged: statistics.reachedCount,
            underWay: statistics.pendingCount,
            lost: statistics.failed.merging(statistics.dropped, uniquingKeysWith: +)
                .reduce(into: [:]) { $0[$1.key.rawValue] = $1.value })
    }
}

private struct Event: Encodable {
    let id: UUID
    let name: String
    let product: String
}

struct Health: ResponseEncodable {
    let fired: Int
    let acknowledged: Int
    let underWay: Int
    /// By the code of the failure, or by the reason it was dropped for.
    let lost: [String: Int]
}
