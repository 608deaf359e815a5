import FletchQueue
import HTTPTypes
import NIOCore
import Testing

@testable import FletchServer

extension TestAPI {
    /// Asks `/send` to deliver a request without a body to `url`.
    func forward(
        _ url: String, by method: HTTPRequest.Method = .post, _ fields: KeyValuePairs<String, String> = [:],
        also others: HTTPFields = [:]
    ) async throws -> Answer {
        try await forward(url, "".utf8, by: method, fields, also: others)
    }

    /// Asks `/send` to deliver a request with a body to `url`.
    func forward(
        _ url: String, _ body: some Sequence<UInt8>, by method: HTTPRequest.Method = .post,
        _ fields: KeyValuePairs<String, String> = [:], also others: HTTPFields = [:]
    ) async throws -> Answer {
        var request = APIRequest(method: method, target: "/send/" + url, fields: HTTPFields(fields) + others)
        request.host = "localhost"
        request.body = ByteBuffer(bytes: body)
        return try await Answer.whole(api.response(to: request))
    }

    /// The job that an answer of `/send` shows, as it is stored.
    func storedJob(_ answer: Answer, of tenant: String = "anonymous") async throws -> Job {
        guard case .string(let id)? = answer.json?["id"], case .string(let endpoint)? = answer.json?["endpoint"] else {
            throw NoJob(answer: answer)
        }
        let job = try await store.job(JobKey(QueueName(tenant: tenant, endpoint: endpoint), id))
        return try #require(job)
    }

    private struct NoJob: Error { let answer: Answer }
}

extension HTTPFields {
    /// Any names, any of them more than once.
    init(_ pairs: KeyValuePairs<String, String>) {
        self.init()
        for (name, value) in pairs {
            guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is no name of a field") }
            append(HTTPField(name: name, value: value))
        }
    }

    fileprivate static func + (fields: HTTPFields, others: HTTPFields) -> HTTPFields {
        var all = fields
        all.append(contentsOf: others)
        return all
    }
}
