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
    let access: Access
    let activity: ActivityHub
    private let logger: Logger

    /// - Parameter activity: What is told of the queue's jobs.
    package init(_ queue: JobQueue, access: Access, activity: ActivityHub, logger: Logger) {
        self.init(queue, access: access, activity: activity, readers: Readers(), logger: logger)
    }

    init(_ queue: JobQueue, access: Access, activity: ActivityHub, readers: Readers, logger: Logger) {
        self.queue = queue
        self.access = access
        self.activity = activity
        self.readers = readers
        self.logger = logger
    }

    /// What becomes of a request by its head alone.
    enum Reception {
        /// It is answered already: its body does not matter.
        case answered(APIResponse)
        /// Its body is wanted.
        case admitted(AdmittedRequest)
    }

    /// Answers any request. Only where the store does not is the status 5xx.
    func response(to request: APIRequest) async -> APIResponse {
        switch await receive(request) {
        case .answered(let response): response
        case .admitted(let admitted): await response(to: request, admitted)
        }
    }

    /// Looks at all of a request but its body, so that a refused one is not waited for.
    func receive(_ head: APIRequest) async -> Reception {
        do {
            return .admitted(try await admitted(head))
        } catch {
            return .answered(await finished(refusal(error), head))
        }
    }

    /// - Parameter request: With its body.
    func response(to request: APIRequest, _ admitted: AdmittedRequest) async -> APIResponse {
        do {
            // Its token may have been revoked while its body came.
            try await access.confirm(admitted.admission)
            return await finished(try await carriedOut(request, admitted).adding(admitted.fields), request)
        } catch {
            return await finished(refusal(error).adding(admitted.fields), request)
        }
    }

    private func finished(_ response: APIResponse, _ request: APIRequest) async -> APIResponse {
        var response = request.method == .head ? await head(of: response) : response
        if let origin = access.pages.allowedOrigin(request.fields) {
            response.fields[.accessControlAllowOrigin] = origin
        }
        if access.pages.dependsOnOrigin { response.fields.append(HTTPField(name: .vary, value: "Origin")) }
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
            return await head(of: answer(to: error))
        }
    }

    private func refusal(_ error: any Error) -> APIResponse { error as? APIResponse ?? answer(to: error) }

    private func admitted(_ head: APIRequest) async throws -> AdmittedRequest {
        let target = APITarget(head.target)
        let route = target.flatMap { Route(head.method == .head ? .get : head.method, $0) }
        if let refusal = access.pages.refusal(head.fields, host: head.host, anyHost: route == .health) {
            throw APIResponse.refused(refusal)
        }
        if head.method == .options { throw Preflight.response(to: head) }
        guard let target else { throw APIResponse.badURL(head.target) }
        guard let route, offers(route) else { throw APIResponse.unknownRoute(head) }
        let admission =
            route == .activity ? try await admitReader(head) : try await access.admit(head, route.right)
        return AdmittedRequest(route: route, target: target, admission: admission)
    }

    private func carriedOut(_ request: APIRequest, _ admitted: AdmittedRequest) async throws -> APIResponse {
        if request.isTooLarge { throw APIResponse.bodyTooLarge }
        let content = admitted.route.takesAnyContent ? nil : try request.content()
        let target = admitted.target
        // Without one only routes are left that are about no tenant's jobs, or read those of all.
        let tenant = admitted.caller.tenant ?? ""
        return switch admitted.route {
        case .health: try await health()
        case .documentation: .html(Documentation.page)
        case .openAPI: .openAPI
        case .clock: try clock()
        case .advanceClock: try await advanceClock(content)
        case .activity: try openActivity(request, of: Self.readTenant(admitted), admitted.admission)
        case .listQueues: try await listQueues(of: Self.readTenant(admitted))
        case .statistics: try await statistics(of: Self.readTenant(admitted))
        case .updateCron: try await updateCron(content, for: tenant, by: admitted.admission.digest)
        case .enqueue(let endpoint):
            try await enqueue(request, content, in: Self.queue(endpoint, of: tenant), admitted.admission)
        case .enqueueBatch(let endpoint):
            try await enqueueBatch(request, content, in: Self.queue(endpoint, of: tenant), admitted.admission)
        case .send(let url): try await send(request, to: url, of: tenant, admitted.admission)
        case .scan(let endpoint): try await scan(Self.scope(endpoint, admitted), target, for: tenant)
        case .empty(let endpoint): try await empty(Self.queue(endpoint, of: tenant))
        case .job(let endpoint, let id): try await job(id, in: Self.scope(endpoint, admitted), for: tenant)
        case .invoke(let endpoint, let id): try await invoke(JobKey(Self.queue(endpoint, of: tenant), id))
        case .delete(let endpoint, let id): try await delete(JobKey(Self.queue(endpoint, of: tenant), id))
        case .attempts(let endpoint, let id): try await attempts(of: id, in: Self.scope(endpoint, admitted))
        case .explain(let endpoint, let id): try await explain(id, in: Self.scope(endpoint, admitted))
        case .listPolicies: try await listPolicies(of: Self.readTenant(admitted), target, for: tenant)
        case .policy(let name): try await policy(for: name, of: Self.readTenant(admitted))
        case .setPolicy(let name): try await setPolicy(content, for: name, of: tenant, by: admitted.admission.digest)
        case .deletePolicy(let name): try await deletePolicy(for: name, of: tenant, by: admitted.admission.digest)
        case .listTopics: try await listTopics(of: Self.readTenant(admitted), target, for: tenant)
        case .topic(let name): try await topic(name, of: Self.readTenant(admitted), for: tenant)
        case .setTopic(let name): try await setTopic(content, name, of: tenant, by: admitted.admission.digest)
        case .deleteTopic(let name): try await deleteTopic(name, of: tenant, by: admitted.admission.digest)
        case .publish(let topic): try await publish(request, content, to: topic, of: tenant, admitted.admission)
        case .listDeadLetters: try await listDeadLetters(of: Self.readTenant(admitted), target, for: tenant)
        case .deadLetter(let id): try await deadLetter(id, of: Self.readTenant(admitted), for: tenant)
        case .replayDeadLetter(let id): try await replay(id, of: tenant)
        case .replayDeadLetters: try await replayDeadLetters(content, of: tenant, target)
        case .deleteDeadLetter(let id): try await deleteDeadLetter(id, of: tenant)
        case .deleteDeadLetters: try await deleteDeadLetters(of: tenant, target)
        case .issueToken(let id): try await issueToken(to: id, target)
        case .revokeToken(let id): try await revokeToken(of: id, target)
        case .listTenants: try await listTenants(target)
        case .takeUsage: try await takeUsage()
        case .rotateSigningSecret: try await rotateSigningSecret(of: tenant, by: admitted.admission.digest)
        }
    }

    /// Whose jobs are read; nil for all tenants'.
    private static func readTenant(_ admitted: AdmittedRequest) throws(APIResponse) -> String? {
        if let tenant = admitted.caller.tenant { return tenant }
        guard let name = admitted.target.values(of: "tenant").last else { return nil }
        guard TenantID.isValid(name) else { throw .invalid("querystring/tenant: \(TenantID.rule)") }
        return name
    }

    private static func scope(_ endpoint: String, _ admitted: AdmittedRequest) throws(APIResponse) -> QueueScope {
        try checkIsURI(endpoint)
        return QueueScope(tenant: try readTenant(admitted), endpoint: endpoint)
    }

    private static func queue(_ endpoint: String, of tenant: String) throws(APIResponse) -> QueueName {
        try checkIsURI(endpoint)
        return QueueName(tenant: tenant, endpoint: endpoint)
    }

    private static func checkIsURI(_ endpoint: String) throws(APIResponse) {
        guard URIFormat.matches(endpoint) else {
            throw Violation("must match format \"uri\"").below("endpoint").response(in: "params")
        }
    }

    /// Sets what stays until somebody deletes it: no wait makes room for it.
    static func refusingForGood(_ set: () async throws(StoreError) -> Bool) async throws {
        do throws(StoreError) {
            _ = try await set()
        } catch {
            throw error.code == .quotaExceeded ? APIResponse.quotaExceeded(error, secondsLeft: nil) : error
        }
    }

    /// What has been sent of an answer cannot be taken back: the connection ends.
    func brokeOff(_ error: any Error) {
        logger.notice("an answer breaks off", metadata: ["reason": "\(error)"])
    }

    /// The request was in order; what it asks for may be asked for again.
    private func answer(to error: any Error) -> APIResponse {
        let error = error as? StoreError ?? StoreError(.failed, "\(error)")
        switch error.code {
        case .quotaExceeded: return .quotaExceeded(error)
        case .tokenRevoked: return .unauthenticated
        case .keyReused: return .problem(.conflict, code: error.code.rawValue, error.message)
        case .answerTooLarge: return .problem(.tooLarge, code: error.code.rawValue, "\(error)")
        default:
            logger.error(
                "a request cannot be served", metadata: ["code": "\(error.code.rawValue)", "reason": "\(error)"])
            return .problem(.serviceUnavailable, code: error.code.rawValue, "\(error)")
        }
    }
}
