import FletchQueue
import HTTPTypes
import Testing

@testable import FletchServer

@Suite struct StoreFailureTests {
    private static let requests: [(HTTPRequest.Method, String, String?)] = [
        (.post, queue, "{}"), (.post, queue + "/batch", "[{}]"), (.get, "/queues", nil), (.get, "/queues/stats", nil),
        (.get, queue, nil), (.delete, queue, nil), (.get, queue + "/a", nil), (.post, queue + "/a", nil),
        (.delete, queue + "/a", nil), (.put, "/queues/update-cron", #"{"baseUrl":"https://a.example","crons":[]}"#),
    ]

    @Test(arguments: requests)
    func storeThatFailsIsUnavailable(_ method: HTTPRequest.Method, _ path: String, _ body: String?) async throws {
        for code in [StoreError.Code.full, .readOnly, .failed, .closed] {
            let error = StoreError(code, "no \"room\"")
            let broken: (any JobStore) -> any JobStore = { store in
                InterceptedStore(base: store, before: { () async throws(StoreError) in throw error })
            }
            try await TestAPI.with(broken) { api in
                let answer = await api.send(method, path, body)
                #expect(
                    answer.text == #"{"statusCode":503,"code":"\#(code.rawValue)","error":"Service Unavailable","#
                        + #""message":"no \"room\""}"#)
                #expect(answer.status == 503)
            }
        }
    }

    @Test func healthTellsWhetherTheStoreAnswers() async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.get, "/health")
            #expect(answer.status == 200)
            #expect(answer.text == #"{"redis":"up"}"#)
        }
        let broken: (any JobStore) -> any JobStore = { store in
            InterceptedStore(base: store, before: { () async throws(StoreError) in throw StoreError(.failed, "x") })
        }
        try await TestAPI.with(broken) { api in
            let answer = await api.send(.get, "/health")
            #expect(answer.status == 502)
            #expect(answer.text == #"{"redis":"down"}"#)
        }
    }
}
