import HTTPTypes
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
        case empty, job, invoke, delete, issueToken, revokeToken, listTenants, takeUsage, rotateSigningSecret

        init(_ route: Route) {
            self =
                switch route {
                case .health: .health
                case .documentation: .documentation
                case .openAPI: .openAPI
                case .activity: .activity
                case .listQueues: .listQueues
                case .statistics: .statistics
                case .updateCron: .updateCron
                case .enqueue: .enqueue
                case .enqueueBatch: .enqueueBatch
                case .scan: .scan
                case .empty: .empty
                case .job: .job
                case .invoke: .invoke
                case .delete: .delete
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
            let segments = path.dropFirst().split(separator: "/").map(String.init)
            kinds.append(Kind(try #require(Route(method, segments), "\(name) \(path)")))
        }
        #expect(Set(kinds) == Set(Kind.allCases) && kinds.count == Kind.allCases.count)
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

    /// A job has the members that are documented, and no others.
    @Test func jobIsAsItIsDocumented() async throws {
        try await TestAPI.with { api in
            let job = await api.send(.post, queue, #"{"repeat":{"cron":"@daily","times":2}}"#).json
            let other = await api.send(.post, queue, #"{"repeat":{"every":5}}"#).json
            let schema = Self.document?["components"]?["schemas"]?["Job"]
            #expect(Set(Self.members(job).map(\.name)) == Set(Self.members(schema?["properties"]).map(\.name)))
            let repetition = schema?["properties"]?["repeat"]?["properties"]
            let members = Self.members(job?["repeat"]) + Self.members(other?["repeat"])
            #expect(Set(members.map(\.name)) == Set(Self.members(repetition).map(\.name)))
        }
    }
}
