import HTTPTypes

// What is told as it happens.
extension QueueAPI {
    /// Opens a socket that tells what happens to a tenant's jobs; to all jobs with nil.
    func openActivity(
        _ request: APIRequest, of tenant: String?, _ admission: Access.Admission
    ) throws(APIResponse) -> APIResponse {
        guard request.asksForSocket else { throw .socketNeeded }
        // Its token may be revoked before the socket is among those that this ends.
        let source = activity.source(of: tenant, limit: access.timeLeft(admission)) { [access] in
            (try? await access.confirm(admission)) != nil
        }
        return Self.socket(source, request)
    }

    /// Browsers let a page send no `Authorization` with it: a token may be what is offered as a subprotocol.
    ///
    /// Who offers one gets a refusal as the reason of a close: of a status browsers tell pages nothing.
    func admitReader(_ head: APIRequest) async throws -> Access.Admission {
        let subprotocol = head.subprotocol
        var asking = head
        if head.fields[.authorization] == nil, let subprotocol {
            asking.fields[.authorization] = "Bearer \(subprotocol)"
        }
        do {
            return try await access.admit(asking, .read)
        } catch let refusal as APIResponse where subprotocol != nil && head.asksForSocket {
            guard let reason = Self.reason(of: refusal) else { throw refusal }
            throw Self.socket(SocketRefusal(reason: reason), head)
        }
    }

    private static func reason(of refusal: APIResponse) -> String? {
        switch refusal.status {
        case .unauthorized: "Unauthenticated"
        case .forbidden: APIResponse.enqueueOnly
        default: nil
        }
    }

    private static func socket(_ source: any SocketSource, _ request: APIRequest) -> APIResponse {
        var response = APIResponse.empty(.switchingProtocols)
        response.socket = source
        response.fields[.secWebSocketProtocol] = request.subprotocol
        return response
    }
}
