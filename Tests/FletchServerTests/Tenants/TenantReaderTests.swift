import FletchQueue
import HTTPTypes
import Testing

@testable import FletchServer

/// Clients of one tenant ask for long answers and take nothing of them: others are served all the same.
@Suite(.timeLimit(.minutes(1))) struct TenantReaderTests {
    private static let body = String(repeating: "x", count: 1 << 19)
    private static let (one, other) = (
        HTTPFields.basic("one", TestAPI.passphrase), HTTPFields.basic("other", TestAPI.passphrase)
    )
    private static let endpoints = (0..<1_000).map { #""https://example.com/\#($0)""# }.joined(separator: ",")

    /// The first tenant's answers hold all that it may have, and one of its clients waits.
    private static func withStuckReaders(
        _ body: (_ api: TestAPI, _ readers: Readers) async throws -> Void
    ) async throws {
        let readers = Readers(totalBytes: 4 << 20)
        try await TestAPI.withTenants(readers: readers) { api in
            for caller in [one, other] {
                let job = #"{"id":"big","body":"\#(Self.body)"}"#
                #expect(await api.send(.post, queue, job, fields: caller).status == 201)
                let topic = await api.send(.put, "/topics/t", #"{"endpoints":[\#(endpoints)]}"#, fields: caller)
                #expect(topic.status == 200)
            }
            let request = APIRequest(method: .get, target: queue + "/big", fields: one)
            var stuck: [APIResponse] = []
            for _ in 0..<3 { stuck.append(await api.api.response(to: request)) }
            #expect(stuck.allSatisfy { $0.stream != nil })
            #expect(!readers.isContended)
            let next = Task { await api.send(.get, queue + "/big", fields: one) }
            while !readers.isContended { await Task.yield() }
            try await body(api, readers)
            withExtendedLifetime(stuck) {}
            stuck = []
            #expect(await next.value.status == 200)
            #expect(!readers.isContended)
        }
    }

    @Test func otherTenantsReadLongAnswers() async throws {
        try await Self.withStuckReaders { api, _ in
            for path in ["", "/big"] {
                let answer = await api.send(.get, queue + path, fields: Self.other)
                #expect(answer.status == 200 && answer.text.utf8.count > 1 << 19)
            }
        }
    }

    @Test func otherTenantsPublish() async throws {
        try await Self.withStuckReaders { api, readers in
            let answer = await api.send(.post, "/topics/t", "{}", fields: Self.other)
            #expect(answer.status == 201 && answer.text.utf8.count > 64 << 10)
            #expect(readers.isContended)
        }
    }

    @Test func tenantsReadersHoldUpItsOwnPublish() async throws {
        let readers = Readers(totalBytes: 4 << 20, enqueuePatience: .zero)
        try await TestAPI.withTenants(readers: readers) { api in
            _ = await api.send(.put, "/topics/t", #"{"endpoints":[\#(Self.endpoints)]}"#, fields: Self.one)
            let held = try await readers.share(of: .max, for: "one")
            let refused = await api.send(.post, "/topics/t", "{}", fields: Self.one)
            #expect(refused.status == 503 && refused.json?["code"] == .string("readers-busy"))
            withExtendedLifetime(held) {}
        }
    }

    /// An operator's look at a tenant is the operator's own.
    @Test func operatorsReadWhatTheTenantItselfHasToWaitFor() async throws {
        try await Self.withStuckReaders { api, readers in
            let admin = HTTPFields.basic("", TestAPI.passphrase)
            let answer = await api.send(.get, queue + "/big?tenant=one", fields: admin)
            #expect(answer.status == 200 && answer.text.utf8.count > 1 << 19)
            #expect(readers.isContended)
        }
    }
}
