internal import Fletch
internal import FletchQueue
import Foundation
import HTTPTypes

/// One request of a delivery: the first, or what a redirect made of it.
struct JobRequest {
    private var url: String
    private var method = HTTPRequest.Method.post
    private var fields: HTTPFields
    private var body: FletchRequest.Body

    /// - Parameter signature: What shows where it comes from.
    init(of job: LeasedJob, at now: Timestamp, isInDocker: Bool, signature: [HTTPField] = []) {
        let endpoint = job.job.key.queue.endpoint
        url = isInDocker ? Self.reachableFromContainer(endpoint) : endpoint
        body = .utf8(job.job.body)
        fields = [
            .accept: "*/*", .contentType: "text/plain", .meta: JobMeta(job, at: now).json,
            .idempotencyKey: job.idempotencyKey, .attempt: "\(job.attempt)",
        ]
        fields.append(contentsOf: signature)
    }

    func request(until end: ContinuousClock.Instant) -> FletchRequest {
        var request = FletchRequest(method, url, fields: fields, body: body)
        request.keep = .failures(upTo: Deliverer.maximumFailureBytes)
        request.deadline = max(.milliseconds(1), end - ContinuousClock.now)
        return request
    }

    /// 301, 302 and 303 make a GET of it (RFC 9110 §15.4). From https to another scheme is not followed: over http anybody on
    /// the way could read the job and its key.
    func redirected(by status: Int, to location: String?) -> Redirect {
        guard [301, 302, 303, 307, 308].contains(status), let location, let next = Self.resolve(location, against: url)
        else { return .none }
        guard !Self.isSecure(url) || Self.isSecure(next) else { return .refused }
        var request = self
        request.url = next
        if !Self.areOfOneOrigin(url, next) { request.fields.removeSignature() }
        if status < 307 {
            request.method = .get
            request.body = .none
            request.fields[.contentType] = nil
        }
        return .to(request)
    }

    enum Redirect {
        /// The answer is the final one.
        case none
        case to(JobRequest)
        case refused
    }

    private static func isSecure(_ url: String) -> Bool { url.lowercased().hasPrefix("https:") }

    private static func areOfOneOrigin(_ one: String, _ other: String) -> Bool {
        guard let one = URLComponents(string: one), let other = URLComponents(string: other) else { return false }
        return one.scheme?.lowercased() == other.scheme?.lowercased()
            && one.host?.lowercased() == other.host?.lowercased() && one.effectivePort == other.effectivePort
    }

    private static func resolve(_ location: String, against base: String) -> String? {
        guard let base = URL(string: base), let url = URL(string: location, relativeTo: base) else { return nil }
        return url.absoluteURL.absoluteString
    }

    private static func reachableFromContainer(_ endpoint: String) -> String {
        guard var components = URLComponents(string: endpoint), components.host?.lowercased() == "localhost" else {
            return endpoint
        }
        components.host = Deliverer.dockerHost
        return components.string ?? endpoint
    }
}

extension URLComponents {
    fileprivate var effectivePort: Int? { port ?? (scheme?.lowercased() == "https" ? 443 : 80) }
}

extension HTTPFields {
    /// It is for the endpoint alone: another origin could pass it on as its own.
    fileprivate mutating func removeSignature() {
        for name in [HTTPField.Name.quirrelSignature, .webhookID, .webhookTimestamp, .webhookSignature] {
            self[name] = nil
        }
    }
}

extension HTTPField.Name {
    /// What a job is told about itself.
    fileprivate static let meta = named("x-quirrel-meta")
    fileprivate static let idempotencyKey = named("Idempotency-Key")
    /// How often this run has been attempted, from 1.
    fileprivate static let attempt = named("fletch-attempt")
}
