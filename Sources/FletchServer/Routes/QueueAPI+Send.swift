internal import FletchQueue
import HTTPTypes

// `/send`: any call, made durable.
extension QueueAPI {
    /// Stores a job that makes the same call.
    /// - Parameter url: As it stands in the request target.
    func send(
        _ request: APIRequest, to url: String, of tenant: String, _ admission: Access.Admission
    ) async throws -> APIResponse {
        let send = try SendRequest(request, to: url, at: queue.clock.now)
        if !access.isOpen { try Self.checkIsOfOneOrigin(send) }
        var jobs = try await queue.enqueue(
            [send.draft], in: QueueName(tenant: tenant, endpoint: send.endpoint), by: admission.digest,
            showsStored: admission.caller.verdict(on: .read) == .allowed)
        let long = Self.longJobs(in: &jobs, [send.draft])
        let share = long.isEmpty ? nil : try await share(of: long, in: &jobs, for: tenant)
        var response = APIResponse.json(.accepted) { json in jobs.first.map { json.job($0) } }.holding(share)
        response.fields[.location] = jobs.first.map { Self.path(of: $0.key) }
        return response
    }

    /// Limits and circuits of an origin are counted by its queues: a tenant could use up those of another's.
    private static func checkIsOfOneOrigin(_ send: SendRequest) throws(APIResponse) {
        guard let url = send.draft.options.url, let origin = OriginName.text(of: url) else { return }
        guard OriginName.text(of: send.endpoint) != origin else { return }
        throw Violation("must have the origin of the URL that is called (\(origin)), as limits are counted by it")
            .below(ControlField.queue.rawValue).response(in: "headers")
    }

    private static func path(of key: JobKey) -> String {
        "/queues/" + PathSegment.encoded(key.queue.endpoint) + "/" + PathSegment.encoded(key.id)
    }
}
