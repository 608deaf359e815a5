internal import Fletch
package import FletchQueue
import HTTPTypes
package import Logging

/// The HTTP API of a queue, as Quirrel's clients know it.
package struct QueueAPI: Sendable {
    let queue: JobQueue
    /// The clients that read long answers.
    let readers: Readers
    /// Endpoints that have been found callable lately: most requests name one of few.
    let callable = Lock<Set<String>>([])
    private let logger: Logger

    package init(_ queue: JobQueue, logger: Logger) { self.init(queue, readers: Readers(), logger: logger) }

    init(_ queue: JobQueue, readers: Readers, logger: Logger) {
        self.queue = queue
        self.readers = readers
        self.logger = logger
    }

    /// Answers any request. Only where the store does not is the status 5xx.
    func response(to request: APIRequest) async -> APIResponse {
        var response = await handled(request)
        if request.method == .head { response = await head(of: response) }
        response.fields[.accessControlAllowOrigin] = "*"
        return response
    }

    private func head(of response: APIResponse) async -> APIResponse {
        do {
            var head = response
            head.fields[.contentLength] = String(try await response.byteCount())
            head.body.clear()
            head.stream = nil
            return head
        } catch {
            return await head(of: unavailable(error))
        }
    }

    private func handled(_ request: APIRequest) async -> APIResponse {
        if request.method == .options { return Preflight.response(to: request) }
        do {
            return try await routed(request)
        } catch let refusal as APIResponse {
            return refusal
        } catch {
            return unavailable(error)
        }
    }

    private func routed(_ request: APIRequest) async throws -> APIResponse {
        guard let target = APITarget(request.target) else { throw APIResponse.badURL(request.target) }
        guard let route = Route(request.method == .head ? .get : request.method, target.segments) else {
            throw APIResponse.unknownRoute(request)
        }
        if request.isTooLarge { throw APIResponse.bodyTooLarge }
        let content = try request.content()
        let tenant = Self.tenant(of: request)
        return switch route {
        case .health: try await health()
        case .documentation: .html(Documentation.page)
        case .openAPI: .openAPI
        case .listQueues: try await listQueues(of: tenant)
        case .statistics: try await statistics(of: tenant)
        case .updateCron: try await updateCron(content, for: tenant)
        case .enqueue(let endpoint): try await enqueue(content, in: Self.queue(endpoint, of: tenant))
        case .enqueueBatch(let endpoint): try await enqueueBatch(content, in: Self.queue(endpoint, of: tenant))
        case .scan(let endpoint): try await scan(Self.queue(endpoint, of: tenant), target)
        case .empty(let endpoint): try await empty(Self.queue(endpoint, of: tenant))
        case .job(let endpoint, let id): try await job(JobKey(Self.queue(endpoint, of: tenant), id))
        case .invoke(let endpoint, let id): try await invoke(JobKey(Self.queue(endpoint, of: tenant), id))
        case .delete(let endpoint, let id): try await delete(JobKey(Self.queue(endpoint, of: tenant), id))
        }
    }

    /// Whose queues a request is about. The one place that knows.
    private static func tenant(of request: APIRequest) -> String { "anonymous" }

    private static func queue(_ endpoint: String, of tenant: String) throws(APIResponse) -> QueueName {
        guard URIFormat.matches(endpoint) else {
            throw Violation("must match format \"uri\"").below("endpoint").response(in: "params")
        }
        return QueueName(tenant: tenant, endpoint: endpoint)
    }

    /// What has been sent of an answer cannot be taken back: the connection ends.
    func brokeOff(_ error: any Error) {
        logger.notice("an answer breaks off", metadata: ["reason": "\(error)"])
    }

    /// The request was in order; what it asks for may be asked for again.
    private func unavailable(_ error: any Error) -> APIResponse {
        let code = (error as? StoreError)?.code.rawValue ?? StoreError.Code.failed.rawValue
        if code == StoreError.Code.answerTooLarge.rawValue { return .problem(.tooLarge, code: code, "\(error)") }
        logger.error("a request cannot be served", metadata: ["code": "\(code)", "reason": "\(error)"])
        return .problem(.serviceUnavailable, code: code, "\(error)")
    }
}
