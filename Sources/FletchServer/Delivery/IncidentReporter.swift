package import Fletch
package import FletchQueue
import HTTPTypes

/// Tells the operator of each job that has failed for good, and of each failed run of one that repeats (contract, A.14).
///
/// Nobody waits for it: a receiver that does not answer changes nothing for the jobs. Beyond a bound, incidents are dropped.
package final class IncidentReporter: Sendable {
    private let client: FletchClient
    private let endpoint: String
    private let passphrase: String?

    /// - Parameters:
    ///   - client: Its own: the receiver is the operator's, wherever it is.
    ///   - passphrase: What the receiver knows it by.
    package init(client: FletchClient, endpoint: String, passphrase: String?) {
        self.client = client
        self.endpoint = endpoint
        self.passphrase = passphrase
    }

    /// A job's run has failed for good.
    package func report(_ job: LeasedJob, _ outcome: RunOutcome) {
        var fields: HTTPFields = [.contentType: "application/json"]
        if let passphrase { fields[.authorization] = "Bearer \(passphrase)" }
        let body = Self.body(job, status: outcome.status, answer: outcome.body)
        client.fire(FletchRequest(.post, endpoint, fields: fields, body: .bytes(body)))
    }

    /// Waits until what has been reported is on its way, or the limit has passed.
    package func drain(within limit: Duration) async { await client.drain(within: limit) }

    /// - Parameter answer: What the endpoint has said.
    static func body(_ job: LeasedJob, status: Int?, answer: [UInt8]) -> [UInt8] {
        var json = JSONWriter()
        json.raw("{\"type\":\"incident\",\"job\":{\"endpoint\":")
        json.string(job.job.key.queue.endpoint)
        json.raw(",\"tokenId\":")
        json.string(job.job.key.queue.tenant)
        json.raw(",")
        json.payload(job.job.body, named: "payload")
        json.raw(",\"id\":")
        json.string(job.job.key.id)
        json.raw(",\"runAt\":")
        json.quoted(job.scheduledAt.isoBytes)
        json.raw("},\"incident\":{")
        if let status {
            json.raw("\"body\":")
            json.string(String(decoding: answer, as: UTF8.self))
            json.raw(",\"status\":")
            json.number(status)
        }
        json.raw("}}")
        return json.bytes
    }
}
