import HTTPTypes
import Testing

@testable import FletchServer

/// What holds for every route: methods, paths, content types, origins.
@Suite struct ProtocolTests {
    @Test(arguments: [
        (HTTPRequest.Method.get, "/"), (.get, "/x?y=1"), (.post, "/queues"), (.put, "/queues/x"),
        (.get, "/queues/a/b/c"),
        (.delete, "/queues/a/b/c"), (.post, "/health"), (.patch, "/queues/x"), (.get, "/health/"), (.get, "//queues"),
        (.get, "/tokens/x"), (.get, "*"), (.get, ""),
    ])
    func unknownRouteIsToldAsFastifyDoes(_ method: HTTPRequest.Method, _ path: String) async throws {
        try await TestAPI.with { api in
            let answer = await api.send(method, path)
            #expect(answer.status == 404)
            #expect(answer.json?["message"] == .string("Route \(method):\(path) not found"))
            #expect(answer.json?["error"] == .string("Not Found"))
            #expect(answer.json?["statusCode"] == .number(404))
        }
    }

    @Test func whatCannotBeDecodedIsABadURL() async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.get, "/queues/%zz")
            #expect(answer.status == 400)
            #expect(answer.message == .string("'/queues/%zz' is not a valid url component"))
        }
    }

    @Test(arguments: [
        ("application/json", "", 400, "Body cannot be empty when content-type is set to 'application/json'"),
        ("application/json", "{", 400, "Body is not valid JSON"),
        ("Application/JSON; charset=utf-8", "{", 400, "Body is not valid JSON"),
        ("application/xml", "<x/>", 415, "Unsupported Media Type: application/xml"),
        ("application/jsonx", "{}", 415, "Unsupported Media Type: application/jsonx"),
        (nil, "{}", 415, "Unsupported Media Type: undefined"), ("text/plain", "{}", 400, "body must be object"),
    ])
    func contentThatCannotBeReadIsRefused(_ type: String?, _ body: String, _ status: Int, _ text: String) async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.post, queue, body, type: type)
            #expect(answer.status == status)
            #expect(answer.message == .string(text))
        }
    }

    @Test func invokeAndDeleteNeedNoContent() async throws {
        try await TestAPI.with { api in
            _ = await api.send(.post, queue, #"{"id":"a"}"#)
            #expect(await api.send(.post, queue + "/a", "").message == APIResponse.emptyJSON.message)
            #expect(await api.send(.delete, queue + "/a", "").message == APIResponse.emptyJSON.message)
            #expect(await api.send(.post, queue + "/a", "", type: nil).status == 204)
            #expect(await api.send(.post, queue + "/a", "{}").status == 204)
            #expect(await api.send(.delete, queue + "/a", fields: [.contentType: "application/json"]).status == 204)
            #expect(await api.send(.post, queue).isInvalid("body must be object"))
        }
    }

    @Test func headIsAnsweredAsGetWithoutTheBody() async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.head, "/health")
            #expect(answer.status == 200)
            #expect(answer.text == "")
            #expect(answer.fields[.contentLength] == "14")
        }
    }
}

extension APIResponse {
    fileprivate var message: JSONValue? { Answer(self).message }
}
