import HTTPTypes
import Testing

@testable import FletchServer

/// Which web pages may ask, and by which names.
@Suite struct WebPagesTests {
    private static let page: HTTPFields = [.origin: "https://evil.example"]

    @Test(arguments: [
        "http://evil.example", "https://localhost:3000", "null", "", "http://localhost:9181.evil.example",
        "http://localhost.evil.example:9181", "chrome-extension://abc", "http://127.0.0.1:9182",
    ])
    func pageOfAnotherOriginIsTurnedAway(_ origin: String) async throws {
        try await TestAPI.with { api in
            for (method, path) in [
                (HTTPRequest.Method.post, queue), (.get, "/queues"), (.options, queue), (.get, "/x"),
            ] {
                let answer = await api.send(
                    method, path, fields: [.origin: origin, .accessControlRequestMethod: "POST"], host: "localhost:9181"
                )
                #expect(answer.status == 403, "\(method) \(path)")
                #expect(answer.fields[.accessControlAllowOrigin] == nil)
                #expect(answer.text.contains("--allow-origin"))
            }
            #expect(await api.send(.get, "/queues").text == "[]")
        }
    }

    @Test func pageOfThisServerMayAsk() async throws {
        try await TestAPI.with { api in
            for (origin, host) in [
                ("http://localhost:9181", "localhost:9181"), ("http://LOCALHOST:9181", "localhost:9181"),
                ("https://queue", "queue"), ("https://queue:443", "queue"), ("http://[::1]:9181", "[::1]:9181"),
                ("http://queue", "queue:80"),
            ] {
                let answer = await api.send(.post, queue, "{}", fields: [.origin: origin], host: host)
                #expect(answer.status == 201, "\(origin) \(answer)")
            }
        }
    }

    @Test func browsersRequestFromAnotherSiteWithoutAnOriginIsTurnedAway() async throws {
        try await TestAPI.with { api in
            let name = HTTPField.Name.named("Sec-Fetch-Site")
            #expect(await api.send(.get, "/queues", fields: [name: "cross-site"]).status == 403)
            for site in ["same-origin", "none", "same-site"] {
                #expect(await api.send(.get, "/queues", fields: [name: site]).status == 200)
            }
        }
    }

    @Test func allowedOriginsMayAskAndReadTheAnswer() async throws {
        var access = Access.Configuration()
        access.allowedOrigins = ["https://ui.example", "http://other.example:80/"]
        try await TestAPI.with(access: access) { api in
            for origin in ["https://ui.example", "https://UI.example:443", "http://other.example"] {
                let answer = await api.send(.post, queue, "{}", fields: [.origin: origin])
                #expect(answer.status == 201)
                #expect(answer.fields[.accessControlAllowOrigin] == origin)
                #expect(answer.fields[.vary] == "Origin")
            }
            #expect(await api.send(.get, "/queues", fields: [.origin: "https://ui.example.evil"]).status == 403)
            #expect(await api.send(.get, "/queues", fields: [.origin: "http://ui.example"]).status == 403)
            #expect(await api.send(.get, "/queues").fields[.accessControlAllowOrigin] == nil)
        }
    }

    @Test func starIsAsQuirrelHasIt() async throws {
        var access = Access.Configuration()
        access.allowedOrigins = ["*"]
        try await TestAPI.with(access: access) { api in
            #expect(await api.send(.get, "/queues", fields: Self.page).fields[.accessControlAllowOrigin] == "*")
            #expect(await api.send(.get, "/queues").fields[.accessControlAllowOrigin] == "*")
            #expect(await api.send(.get, "/queues", fields: [.origin: "null"]).status == 200)
        }
    }

    @Test(arguments: [
        "evil.example", "evil.notlocalhost", "evil.example:9181", "localhost.evil.example", "127.0.0.1.evil.example",
        "1.2.3", "1.2.3.4.5",
        "127.0.0.256", "0x7f.0.0.1", "host.docker.internal.evil.example", "evil.example.",
        "[::1].evil.example", "[evil.example]", "[::1", "me@127.0.0.1", "127.1.example", "127.0.0.01",
    ])
    func nameThatSomebodyElseMayHaveIsTurnedAway(_ host: String) async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.get, "/queues", host: host)
            #expect(answer.status == 403)
            #expect(answer.text.contains("--allow-host"))
            #expect(await api.send(.get, "/health", host: host).status == 200)
        }
    }

    @Test(arguments: [
        "localhost", "localhost:9181", "LOCALHOST", "localhost.", "app.localhost:80", "127.0.0.1:9181", "10.0.0.1",
        "[::1]",
        "[fe80::1]:9181", "queue", "fletchd:9181", "host.docker.internal:9181", nil,
    ])
    func nameThatNobodyElseCanHaveIsServed(_ host: String?) async throws {
        try await TestAPI.with { api in
            #expect(await api.send(.get, "/queues", host: host).status == 200)
        }
    }

    @Test func allowedNameIsServed() async throws {
        var access = Access.Configuration()
        access.allowedHosts = ["Queue.Example"]
        try await TestAPI.with(access: access) { api in
            #expect(await api.send(.get, "/queues", host: "queue.example:9181").status == 200)
            #expect(await api.send(.get, "/queues", host: "a.queue.example").status == 403)
        }
    }

    @Test func withTenantsEveryPageAndNameMayAskAndReadTheAnswer() async throws {
        try await TestAPI.withTenants { api in
            for path in ["/queues", "/x", "/health", queue + "/a", "/queues/%zz"] {
                let answer = await api.send(.get, path, fields: Self.page, host: "queue.example")
                #expect(answer.status != 403)
                #expect(answer.fields[.accessControlAllowOrigin] == "*")
            }
        }
    }

    @Test func preflightIsAnsweredWithTenants() async throws {
        try await TestAPI.withTenants { api in
            let fields: HTTPFields = [
                .origin: "https://ui.example", .accessControlRequestMethod: "PUT",
                .accessControlRequestHeaders: "authorization,content-type",
            ]
            let answer = await api.send(.options, queue, fields: fields)
            #expect(answer.status == 204)
            #expect(answer.fields[.accessControlAllowOrigin] == "*")
            #expect(answer.fields[.accessControlAllowMethods]?.contains("PUT") == true)
            #expect(answer.fields[.accessControlAllowHeaders] == "authorization,content-type")
            #expect(await api.send(.options, queue).status == 400)
        }
    }

    /// What a form or a script can send without asking first: never taken.
    @Test(arguments: ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", nil])
    func bodyThatIsNotDeclaredJSONIsNeverTaken(_ type: String?) async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.post, queue, "{}", type: type)
            #expect(answer.status == (type == "text/plain" ? 400 : 415))
            #expect(await api.send(.get, "/queues").text == "[]")
        }
    }
}
