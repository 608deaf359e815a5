internal import Fletch
internal import FletchQueue
import Foundation
import HTTPTypes

/// One request of a delivery: the first, or what a redirect made of it.
struct JobRequest {
    private var url: String
    private var method: HTTPRequest.Method
    private var fields: HTTPFields
    private var body: FletchRequest.Body
    private let keep: FletchRequest.Keep

    /// - Parameter signature: The fields that sign the delivery.
    init(of job: LeasedJob, at now: Timestamp, isInDocker: Bool, signature: [HTTPField] = []) {
        let asked = job.job.options.box
        let target = asked?.members.url ?? job.job.key.queue.endpoint
        url = isInDocker ? Self.reachableFromContainer(target) : target
        method = asked?.members.method.flatMap { HTTPRequest.Method($0) } ?? .post
        body = Self.body(job.job.body, of: method)
        // With another goal every answer is a success, and nothing of it is used.
        let canFail = (asked?.members.until ?? .succeeded) == .succeeded
        keep = canFail ? .failures(upTo: Deliverer.maximumFailureBytes) : .nothing
        fields = [.accept: "*/*"]
        if body != .none, asked?.members.isForwarded != true {
            fields.append(HTTPField(name: .contentType, value: "text/plain"))
        }
        fields.append(HTTPField(name: .meta, value: JobMeta(job, at: now).json))
        fields.append(HTTPField(name: .idempotencyKey, value: job.idempotencyKey))
        fields.append(HTTPField(name: .attempt, value: "\(job.attempt)"))
        fields.append(contentsOf: signature)
        // The signature of a job that was forwarded gives way to ours.
        for header in asked?.members.headers ?? [] where !signature.contains(header) { fields.replace(header) }
    }

    func request(until end: ContinuousClock.Instant) -> FletchRequest {
        var request = FletchRequest(method, url, fields: fields, body: body)
        request.keep = keep
        request.deadline = max(.milliseconds(1), end - ContinuousClock.now)
        return request
    }

    static func isRedirect(_ status: Int) -> Bool { [301, 302, 303, 307, 308].contains(status) }

    /// 301 and 302 make a GET of a POST, 303 of everything but GET and HEAD (RFC 9110 §15.4).
    ///
    /// From https to another scheme is not followed: over http anybody on the way could read the job and its key.
    func redirected(by status: Int, to location: String) -> Redirect {
        guard let next = Self.resolve(location, against: url) else { return .none }
        guard !Self.isSecure(url) || Self.isSecure(next) else { return .refused }
        var request = self
        request.url = next
        if !Self.areOfOneOrigin(url, next) { request.fields.removeAll { !$0.name.isForOtherOrigins } }
        if becomesGet(by: status) {
            request.method = .get
            request.body = .none
            request.fields.removeAll { $0.name.canonicalName.hasPrefix("content-") }
        }
        return .to(request)
    }

    enum Redirect {
        /// The answer is the final one.
        case none
        case to(JobRequest)
        case refused
    }

    private func becomesGet(by status: Int) -> Bool {
        switch status {
        case 301, 302: method == .post
        case 303: method != .get && method != .head
        default: false
        }
    }

    /// Without a body a GET or HEAD says nothing of one, not even that it is empty.
    private static func body(_ payload: Payload, of method: HTTPRequest.Method) -> FletchRequest.Body {
        if payload.isEmpty, method == .get || method == .head { return .none }
        return .bytes(payload.bytes)
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
    /// Sets a field of the job's in place of one of ours.
    fileprivate mutating func replace(_ header: JobHeader) {
        guard let name = HTTPField.Name(header.name) else { return }
        removeAll { $0.name == name }
        append(HTTPField(name: name, value: header.value))
    }
}

extension [HTTPField] {
    /// Whether one of them has the name of a job's field.
    fileprivate func contains(_ header: JobHeader) -> Bool {
        contains { $0.name.rawName.lowercased() == header.name.lowercased() }
    }
}

extension HTTPField.Name {
    /// What a job is told about itself.
    fileprivate static let meta = named("x-quirrel-meta")
    /// How often this run has been attempted, from 1.
    fileprivate static let attempt = named("fletch-attempt")

    /// Whether a field follows a redirect to another origin.
    ///
    /// Only fields do that describe the request or the job. Any other may hold a secret, whatever its name, or a signature
    /// that the other origin could pass on.
    fileprivate var isForOtherOrigins: Bool {
        let name = canonicalName
        return Self.harmless.contains(name) || Self.harmlessPrefixes.contains(where: name.hasPrefix)
    }

    private static let harmless: Set<String> = [
        "accept", "user-agent", "range", "cache-control", "prefer", "idempotency-key", "traceparent", "tracestate",
        "x-quirrel-meta", "fletch-attempt",
    ]
    /// What is meant for one version of a resource must not reach it without its condition: `If-Match`.
    private static let harmlessPrefixes = ["accept-", "content-", "if-"]
}
