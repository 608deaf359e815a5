import FletchQueue
import HTTPTypes
import Testing

@testable import FletchServer

@Suite struct SendTests {
    private static let target = "https://example.com/hook?x=1"

    @Test func callIsStoredAndAnswered() async throws {
        try await TestAPI.with { api in
            let answer = try await api.forward(
                Self.target, "a=b".utf8,
                ["Content-Type": "application/x-www-form-urlencoded", "Cookie": "c", "fletch-id": "a"])
            #expect(answer.status == 202)
            #expect(answer.fields[.location] == "/queues/https%3A%2F%2Fexample.com%2Fhook%3Fx%3D1/a")
            #expect(answer.fields[.contentType] == "application/json; charset=utf-8")
            #expect(answer.json?["endpoint"] == .string(Self.target))
            #expect(answer.json?["body"] == .string("a=b"))
            #expect(answer.json?["runAt"] == .string("2026-03-01T12:00:00.250Z"))
            #expect(answer.json?["method"] == .string("POST"))
            #expect(answer.json?["headers"]?["Content-Type"] == .string("application/x-www-form-urlencoded"))
            #expect(answer.json?["headers"]?["Cookie"] == nil)
            #expect(answer.json?["url"] == nil)
            let location = try #require(answer.fields[.location])
            #expect(await api.send(.get, location).text == answer.text)
        }
    }

    @Test(arguments: ["POST", "PUT", "PATCH", "DELETE", "PURGE", "PROPFIND"])
    func methodIsThatOfTheRequest(_ name: String) async throws {
        try await TestAPI.with { api in
            let method = try #require(HTTPRequest.Method(name))
            let job = try await api.storedJob(api.forward(Self.target, by: method))
            #expect(job.options.method == name)
        }
    }

    @Test func getIsSentByAPostThatSaysSo() async throws {
        try await TestAPI.with { api in
            let answer = try await api.forward(Self.target, ["fletch-method": "GET"])
            #expect(answer.json?["method"] == .string("GET"))
            #expect(answer.json?["headers"] == .object([]))
        }
    }

    /// A page must not enqueue by showing an image.
    @Test(arguments: [HTTPRequest.Method.get, .head])
    func getIsNoRoute(_ method: HTTPRequest.Method) async throws {
        try await TestAPI.with { api in
            let answer = try await api.forward(Self.target, by: method, ["fletch-method": "POST"])
            #expect(answer.status == 404)
            #expect(await api.send(.get, "/queues").text == "[]")
        }
    }

    @Test func optionsIsThePreflight() async throws {
        var access = Access.Configuration()
        access.allowedOrigins = ["https://ui.example"]
        try await TestAPI.with(access: access) { api in
            let answer = try await api.forward(
                Self.target, by: .options,
                [
                    "Origin": "https://ui.example", "Access-Control-Request-Method": "POST",
                    "Access-Control-Request-Headers": "fletch-delay,fletch-forward-cookie",
                ])
            #expect(answer.status == 204)
            #expect(answer.fields[.accessControlAllowHeaders] == "fletch-delay,fletch-forward-cookie")
            #expect(await api.send(.get, "/queues").text == "[]")
        }
    }

    @Test func traceIsNotSent() async throws {
        try await TestAPI.with { api in
            let answer = try await api.forward(Self.target, by: .trace)
            #expect(
                answer.isInvalid("headers/fletch-method must be set: a job cannot have the method TRACE"), "\(answer)")
        }
    }

    @Test func bytesThatAreNotUTF8Arrive() async throws {
        try await TestAPI.with { api in
            let bytes: [UInt8] = [0xFF, 0x00, 0x80]
            let answer = try await api.forward(Self.target, bytes, ["Content-Type": "image/png"])
            #expect(answer.json?["bodyBase64"] == .string("/wCA"))
            #expect(answer.json?["body"] == nil)
            #expect(try await api.storedJob(answer).body == .bytes(bytes))
        }
    }

    /// Elsewhere a body has to be declared JSON.
    @Test(arguments: ["application/json", "text/plain", "multipart/form-data; boundary=x", "x"])
    func bodyMayBeOfAnyTypeAndIsNotRead(_ type: String) async throws {
        try await TestAPI.with { api in
            for body in ["", "{", #"{"id":"b"}"#] {
                let answer = try await api.forward(Self.target, body.utf8, ["Content-Type": type])
                #expect(answer.status == 202)
                #expect(answer.json?["body"] == .string(body))
            }
            #expect(try await api.forward(Self.target, "x".utf8).status == 202)
        }
    }

    @Test func bodyIsBounded() async throws {
        try await TestAPI.with { api in
            var request = APIRequest(method: .post, target: "/send/" + Self.target)
            (request.host, request.isTooLarge) = ("localhost", true)
            #expect(await api.api.response(to: request).status.code == 413)
        }
    }

    /// Decoded it would be no UTF-8, or another URL.
    @Test(arguments: ["https://example.com/%ff", "https://example.com/a%2Fb?c=%00%26", "https://example.com/?tenant=x"])
    func urlIsNotDecoded(_ url: String) async throws {
        try await TestAPI.with { api in
            let answer = try await api.forward(url, ["fletch-id": "a"])
            #expect(answer.json?["endpoint"] == .string(url))
            let location = try #require(answer.fields[.location])
            #expect(location == "/queues/\(url.encoded)/a")
            #expect(await api.send(.get, location).status == 200)
        }
    }

    @Test func fragmentIsRefused() async throws {
        try await TestAPI.with { api in
            let answer = try await api.forward(Self.target + "#top")
            #expect(answer.status == 400)
            #expect(await api.send(.get, "/queues").text == "[]")
        }
    }

    @Test func targetMayBeAWholeURL() async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.post, "http://localhost:9181/send/https:/example.com/%ff?a=/b")
            #expect(answer.json?["endpoint"] == .string("https://example.com/%ff?a=/b"))
        }
    }

    @Test(arguments: ["/send/", "/send/example.com", "/send/ftp://a/", "/send/https%3A%2F%2Fa%2F"])
    func whatIsNoURLIsRefused(_ target: String) async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.post, target)
            #expect(answer.status == 400)
            #expect(answer.text.contains("/send/https://example.com/hook"))
        }
    }

    @Test(arguments: [
        "/send", "/Send/https://a/", "/%73end/https://a/", "/%73end/http%3A%2F%2Fh%2Fx", "/sender/https://a/",
        "//send/https://a/",
    ])
    func otherPathsAreNoRoute(_ target: String) async throws {
        try await TestAPI.with { api in
            #expect(await api.send(.post, target).status == 404)
        }
    }

    @Test func jobThatIsThereIsAnswered() async throws {
        try await TestAPI.with { api in
            let first = try await api.forward(Self.target, "1".utf8, ["fletch-id": "a"])
            let second = try await api.forward(Self.target, "2".utf8, by: .put, ["fletch-id": "a"])
            #expect(second.status == 202)
            #expect(second.text == first.text)
            #expect(second.fields[.location] == first.fields[.location])
        }
    }

    @Test func idempotencyKeyIsTheDeliverys() async throws {
        try await TestAPI.with { api in
            let first = try await api.forward(Self.target, "1".utf8, ["Idempotency-Key": "k"])
            let second = try await api.forward(Self.target, "2".utf8, ["Idempotency-Key": "k"])
            #expect(second.status == 202)
            #expect(second.json?["id"] != first.json?["id"])
            #expect(second.json?["headers"]?["Idempotency-Key"] == .string("k"))
        }
    }

    @Test func locationIsEncodedAsOneSegmentEach() async throws {
        try await TestAPI.with { api in
            let id = "é/ ?#%!~*'()-_."
            let answer = try await api.forward("http://[::1]:80/a//b", ["fletch-id": id])
            let location = try #require(answer.fields[.location])
            #expect(location == "/queues/http%3A%2F%2F%5B%3A%3A1%5D%3A80%2Fa%2F%2Fb/%C3%A9%2F%20%3F%23%25!~*'()-_.")
            #expect(await api.send(.get, location).json?["id"] == .string(id))
        }
    }

    @Test func queueIsNamedByAField() async throws {
        try await TestAPI.with { api in
            let fields: KeyValuePairs = ["fletch-queue": "https://example.com/hook", "fletch-id": "a"]
            let answer = try await api.forward(Self.target, fields)
            #expect(answer.json?["endpoint"] == .string("https://example.com/hook"))
            #expect(answer.json?["url"] == .string(Self.target))
            #expect(answer.fields[.location] == "/queues/https%3A%2F%2Fexample.com%2Fhook/a")
        }
    }

    @Test func callThatHasExpiredIsADeadLetter() async throws {
        try await TestAPI.with { api in
            let answer = try await api.forward(Self.target, ["fletch-expires": "2020-01-01T00:00:00Z"])
            #expect(answer.status == 202)
            #expect(await api.send(.get, "/dead-letters").text.contains(#""reason":"expired""#))
        }
    }

    @Test func pageOfAnotherOriginIsTurnedAway() async throws {
        try await TestAPI.with { api in
            for fields in [["Origin": "https://evil.example"], ["Sec-Fetch-Site": "cross-site"]] as [KeyValuePairs] {
                let answer = try await api.forward(Self.target, fields)
                #expect(answer.status == 403)
            }
            let rebound = await api.send(.post, "/send/" + Self.target, host: "evil.example")
            #expect(rebound.status == 403)
            #expect(await api.send(.get, "/queues").text == "[]")
        }
    }
}
