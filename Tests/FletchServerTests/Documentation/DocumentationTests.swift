import FletchQueue
import HTTPTypes
import NIOCore
import Testing

@testable import FletchServer

@Suite struct DocumentationTests {
    static var document: JSONValue? { Documentation.openAPI.withUnsafeBufferPointer(JSONParser.value) }

    static func members(_ value: JSONValue?) -> [JSONValue.Member] {
        if case .object(let members) = value { members } else { [] }
    }

    @Test func documentIsServed() async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.get, "/documentation/json")
            #expect(answer.status == 200)
            #expect(answer.json?["openapi"] == .string("3.0.3"))
            let page = await api.send(.get, "/documentation")
            #expect(page.fields[.contentType] == "text/html; charset=utf-8")
            #expect(page.text.contains("POST /queues/{endpoint}/batch"))
            #expect(!page.text.contains("src="))
        }
    }

    /// Path, method, and what is said of it.
    static var operations: [(String, String, JSONValue)] {
        members(document?["paths"]).flatMap { path in
            members(path.value).map { (path.name, $0.name, $0.value) }
        }
    }

    /// The compiler asks for every route here.
    private enum Kind: CaseIterable {
        case health, documentation, openAPI, activity, listQueues, statistics, updateCron, enqueue, enqueueBatch, scan
        case send, attempts, explain, listPolicies, policy, setPolicy, deletePolicy, listDeadLetters, deadLetter
        case replayDeadLetter, replayDeadLetters, deleteDeadLetter, deleteDeadLetters
        case listTopics, topic, setTopic, deleteTopic, publish, clock, advanceClock
        case empty, job, invoke, delete, issueToken, revokeToken, listTenants, takeUsage, rotateSigningSecret

        init(_ route: Route) {
            self =
                switch route {
                case .health: .health
                case .documentation: .documentation
                case .openAPI: .openAPI
                case .activity: .activity
                case .clock: .clock
                case .advanceClock: .advanceClock
                case .listQueues: .listQueues
                case .statistics: .statistics
                case .updateCron: .updateCron
                case .enqueue: .enqueue
                case .enqueueBatch: .enqueueBatch
                case .send: .send
                case .scan: .scan
                case .empty: .empty
                case .job: .job
                case .invoke: .invoke
                case .delete: .delete
                case .attempts: .attempts
                case .explain: .explain
                case .listPolicies: .listPolicies
                case .policy: .policy
                case .setPolicy: .setPolicy
                case .deletePolicy: .deletePolicy
                case .listTopics: .listTopics
                case .topic: .topic
                case .setTopic: .setTopic
                case .deleteTopic: .deleteTopic
                case .publish: .publish
                case .listDeadLetters: .listDeadLetters
                case .deadLetter: .deadLetter
                case .replayDeadLetter: .replayDeadLetter
                case .replayDeadLetters: .replayDeadLetters
                case .deleteDeadLetter: .deleteDeadLetter
                case .deleteDeadLetters: .deleteDeadLetters
                case .issueToken: .issueToken
                case .revokeToken: .revokeToken
                case .listTenants: .listTenants
                case .takeUsage: .takeUsage
                case .rotateSigningSecret: .rotateSigningSecret
                }
        }
    }

    @Test func everyRouteIsDocumentedAndNoOther() throws {
        var kinds: [Kind] = []
        for (path, name, _) in Self.operations {
            let method = try #require(HTTPRequest.Method(name.uppercased()))
            let target = try #require(APITarget(path))
            kinds.append(Kind(try #require(Route(method, target), "\(name) \(path)")))
        }
        #expect(Set(kinds) == Set(Kind.allCases) && kinds.count == Kind.allCases.count)
    }

    /// Where the caller may not ask, and where a body cannot be read: whatever the route.
    @Test func everyRefusalIsDocumented() async throws {
        try await TestAPI.with { api in
            for (path, name, operation) in Self.operations {
                let method = try #require(HTTPRequest.Method(name.uppercased()))
                var documented = Self.members(operation["responses"]).map(\.name)
                // A path of a route that is not there without tenants, or without a test clock.
                documented.append("404")
                var requests = [APIRequest(method: method, target: path, fields: [.origin: "https://evil.example"])]
                if method != .get {
                    requests.append(APIRequest(method: method, target: path, isTooLarge: true))
                    let fields: HTTPFields = [.contentType: "application/xml", .contentLength: "4"]
                    requests.append(
                        APIRequest(method: method, target: path, fields: fields, body: ByteBuffer(string: "<a/>")))
                }
                for (index, request) in requests.enumerated() {
                    let status = "\(await api.api.response(to: request).status.code)"
                    #expect(documented.contains(status), "\(name) \(path), \(index): \(status)")
                }
            }
        }
    }

    @Test func everyReferenceLeadsSomewhere() {
        let schemas = Set(Self.members(Self.document?["components"]?["schemas"]).map(\.name))
        let text = String(decoding: Documentation.openAPI, as: UTF8.self)
        let names = text.split(separator: "#/components/schemas/").dropFirst().compactMap {
            $0.split(separator: "\"").first
        }
        #expect(!names.isEmpty)
        #expect(Set(names.map(String.init)) == schemas)
    }

    /// Each answer is a schema's: all of them together have the members that are documented, and no others.
    private static func check(
        _ answers: [JSONValue?], against schemas: JSONValue?..., sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let properties = schemas.flatMap { members($0?["properties"]) }
        let required = schemas.flatMap { items($0?["required"]) }
        for answer in answers {
            for name in required {
                #expect(members(answer).contains { .string($0.name) == name }, sourceLocation: sourceLocation)
            }
            for property in properties {
                guard case .array(let allowed) = property.value["enum"], let value = answer?[property.name] else {
                    continue
                }
                #expect(allowed.contains(value), sourceLocation: sourceLocation)
            }
        }
        let names = Set(answers.flatMap { members($0).map(\.name) })
        #expect(!names.isEmpty && names == Set(properties.map(\.name)), sourceLocation: sourceLocation)
    }

    private static func schema(_ name: String) -> JSONValue? { document?["components"]?["schemas"]?[name] }

    private static func items(_ value: JSONValue?) -> [JSONValue] {
        if case .array(let items) = value { items } else { [] }
    }

    /// With a dead letter of a job that was answered once and once was not, and one of a job that its endpoint ended.
    private static func withDeadLetters(_ body: (TestAPI) async throws -> Void) async throws {
        try await TestAPI.with { api in
            _ = await api.send(.post, queue, #"{"id":"a","retry":[1000]}"#)
            var (busy, late) = (RunOutcome(.retry, status: 503), RunOutcome(.retry))
            busy.answer = "busy"
            late.error = "deadline-exceeded"
            try await api.run(busy, at: TestAPI.now)
            try await api.run(late, at: Timestamp(milliseconds: TestAPI.now.milliseconds + 1_000))
            _ = await api.send(.post, queue, #"{"id":"b"}"#)
            try await api.run(RunOutcome(.end, status: 404), at: TestAPI.now)
            try await body(api)
        }
    }

    @Test func deadLetterIsAsItIsDocumented() async throws {
        try await Self.withDeadLetters { api in
            let page = await api.send(.get, "/dead-letters").json
            Self.check([page], against: Self.schema("DeadLetterPage"))
            let letters = Self.items(page?["deadLetters"])
            #expect(letters.count == 2)
            Self.check(letters, against: Self.schema("DeadLetter"))
            let job = Self.schema("DeadLetter")?["properties"]?["job"]?["allOf"]
            #expect(Self.items(job).map { $0["$ref"] } == [.string("#/components/schemas/Job")])
            var details: [JSONValue?] = []
            for case .string(let id)? in letters.map({ $0["id"] }) {
                details.append(await api.send(.get, "/dead-letters/\(id)").json)
            }
            let parts = Self.items(Self.schema("DeadLetterDetails")?["allOf"])
            #expect(parts.first?["$ref"] == .string("#/components/schemas/DeadLetter"))
            Self.check(details, against: Self.schema("DeadLetter"), parts.last)
            let attempts = details.flatMap { Self.items($0?["attemptHistory"]) }
            Self.check(attempts, against: Self.schema("Attempt"))
        }
    }

    @Test func attemptIsAsItIsDocumented() async throws {
        try await Self.withDeadLetters { api in
            var answers: [JSONValue?] = []
            for id in ["a", "b"] { answers.append(await api.send(.get, queue + "/\(id)/attempts").json) }
            let operation = Self.document?["paths"]?["/queues/{endpoint}/{id}/attempts"]?["get"]
            let content = operation?["responses"]?["200"]?["content"]?["application/json"]
            Self.check(answers, against: content?["schema"])
            Self.check(answers.flatMap { Self.items($0?["attempts"]) }, against: Self.schema("Attempt"))
        }
    }

    @Test func replayIsAsItIsDocumented() async throws {
        try await Self.withDeadLetters { api in
            let answer = await api.send(.post, "/dead-letters/replay", #"{"limit":1}"#)
            #expect(answer.text == #"{"replayed":1,"left":1}"#)
            Self.check([answer.json], against: Self.schema("ReplayCount"))
            let value: [String: String] = [
                "endpoint": #""\#(endpoint)""#, "reason": #""ended""#, "status": "404",
                "before": #""2030-01-01T00:00:00Z""#, "limit": "1",
            ]
            let names = Self.members(Self.schema("ReplayRequest")?["properties"]).map(\.name)
            #expect(Set(names) == Set(value.keys))
            let members = value.map { #""\#($0.key)":\#($0.value)"# }.joined(separator: ",")
            #expect(await api.send(.post, "/dead-letters/replay", "{\(members)}").text == #"{"replayed":1,"left":0}"#)
        }
    }

    @Test func explanationIsAsItIsDocumented() async throws {
        try await TestAPI.with { api in
            _ = await api.send(.post, queue, #"{"id":"a","exclusive":true}"#)
            _ = try await api.store.lease(1, at: TestAPI.now)
            _ = await api.send(.post, queue, #"{"id":"b"}"#)
            _ = await api.send(.post, queue, #"{"id":"c","delay":1000}"#)
            var answers: [JSONValue?] = []
            for id in ["a", "b", "c"] { answers.append(await api.send(.get, queue + "/\(id)/explain").json) }
            Self.check(answers, against: Self.schema("Explanation"))
        }
    }

    @Test func policyIsAsItIsDocumented() async throws {
        try await TestAPI.with { api in
            let text = """
                {"paused":false,"concurrency":5,"rate":{"count":10,"per":1000,"burst":20},"timeout":30000,\
                "retryPolicy":{"attempts":5,"base":500,"factor":1.5,"maximum":60000,"jitter":"none"},\
                "statuses":{"404":"end"},"circuit":{"failures":10,"pause":30000}}
                """
            let policy = await api.send(.put, "/policies/*", text).json
            Self.check([policy], against: Self.schema("Policy"))
            for (name, schema) in [("rate", "RateLimit"), ("retryPolicy", "RetryPolicy"), ("circuit", "Circuit")] {
                Self.check([policy?[name]], against: Self.schema(schema))
            }
            let actions = Self.items(Self.schema("StatusActions")?["additionalProperties"]?["enum"])
            #expect(actions == StatusAction.allCases.map { .string($0.rawValue) })
            Self.check([await api.send(.get, "/policies").json], against: Self.schema("PolicyPage"))
        }
    }

    @Test func topicIsAsItIsDocumented() async throws {
        try await TestAPI.with { api in
            let topic = await api.send(.put, "/topics/a", #"{"endpoints":["\#(endpoint)"]}"#).json
            Self.check([topic], against: Self.schema("Topic"))
            Self.check([await api.send(.get, "/topics").json], against: Self.schema("TopicPage"))
        }
    }
}
