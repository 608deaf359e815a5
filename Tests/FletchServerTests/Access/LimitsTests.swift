import HTTPTypes
import NIOCore
import Testing

@testable import FletchServer

/// How often somebody may ask.
@Suite struct LimitsTests {
    private static func address(_ text: String) throws -> SocketAddress { try SocketAddress(ipAddress: text, port: 1) }

    @Test func callerThatAsksTooOftenIsTurnedAwayAndOthersAreNot() async throws {
        try await TestAPI.withTenants(requestLimit: 2) { api in
            let one = HTTPFields.bearer(try await api.registry.issue(to: "one", scope: .all))
            let other = HTTPFields.bearer(try await api.registry.issue(to: "other", scope: .all))
            let first = await api.send(.post, queue, "{}", fields: one)
            #expect(first.status == 201)
            #expect(first.fields[.named("ratelimit-limit")] == "2")
            #expect(first.fields[.named("ratelimit-remaining")] == "1")
            #expect(first.fields[.named("ratelimit-reset")] == "60")
            api.limitClock.advance(by: .milliseconds(1_500))
            #expect(await api.send(.post, queue, "{}", fields: one).status == 201)
            let third = await api.send(.post, queue, "{}", fields: one)
            #expect(third.status == 429)
            #expect(third.fields[.retryAfter] == "59")
            #expect(third.text.contains(#""message":"Rate limit exceeded, retry in "#))
            #expect(third.fields[.named("ratelimit-remaining")] == "0")
            #expect(await api.send(.post, queue, "{}", fields: other).status == 201)
            #expect(await api.send(.get, "/health").status == 200)
        }
    }

    @Test func limitsCountAnewAfterAMinute() async throws {
        try await TestAPI.withTenants(requestLimit: 1) { api in
            let caller = HTTPFields.bearer(try await api.registry.issue(to: "one", scope: .all))
            #expect(await api.send(.get, "/queues", fields: caller).status == 200)
            api.limitClock.advance(by: .seconds(60) - .nanoseconds(1))
            #expect(await api.send(.get, "/queues", fields: caller).status == 429)
            api.limitClock.advance(by: .nanoseconds(1))
            #expect(await api.send(.get, "/queues", fields: caller).status == 200)
        }
    }

    @Test func enqueueTokenAndTenantsOwnAreCountedAsOne() async throws {
        try await TestAPI.withTenants(requestLimit: 1) { api in
            let all = HTTPFields.bearer(try await api.registry.issue(to: "one", scope: .all))
            let enqueue = HTTPFields.bearer(try await api.registry.issue(to: "one", scope: .enqueue))
            #expect(await api.send(.get, "/queues", fields: all).status == 200)
            #expect(await api.send(.post, queue, "{}", fields: enqueue).status == 429)
            #expect(await api.send(.get, "/queues", fields: .basic("one", TestAPI.passphrase)).status == 200)
        }
    }

    @Test func failuresAreCountedByAddress() async throws {
        try await TestAPI.withTenants(requestLimit: 2) { api in
            let (one, other) = (try Self.address("192.0.2.1"), try Self.address("192.0.2.2"))
            // A new token each time does not help.
            for (number, status) in [401, 401, 429].enumerated() {
                let answer = await api.send(.get, "/queues", fields: .bearer("guess \(number)"), address: one)
                #expect(answer.status == status)
            }
            #expect(await api.send(.get, "/queues", address: other).status == 401)
        }
    }

    @Test func withoutTenantsNobodyIsLimitedUnlessAskedFor() async throws {
        try await TestAPI.with { api in
            #expect(await api.send(.get, "/queues").fields[.named("ratelimit-limit")] == nil)
        }
        var access = Access.Configuration()
        access.requestLimit = 1
        try await TestAPI.with(access: access) { api in
            let (one, other) = (try Self.address("192.0.2.1"), try Self.address("192.0.2.2"))
            #expect(await api.send(.get, "/queues", address: one).status == 200)
            // Nobody verifies it, so it makes no difference.
            #expect(await api.send(.get, "/queues", fields: .bearer("x"), address: one).status == 429)
            #expect(await api.send(.get, "/queues", address: other).status == 200)
        }
    }

    @Test func whoGuessesPassphrasesIsShutOutAndTokensAreNot() async throws {
        try await TestAPI.withTenants { api in
            let (guesser, other) = (try Self.address("2001:db8::1"), try Self.address("192.0.2.2"))
            let neighbour = try Self.address("2001:db8::2")
            let token = HTTPFields.bearer(try await api.registry.issue(to: "one", scope: .all))
            for number in 0..<Access.maximumGuessCount {
                let answer = await api.send(.delete, "/usage", fields: .basic("", "guess \(number)"), address: guesser)
                #expect(answer.status == 401)
            }
            let right = HTTPFields.basic("", TestAPI.passphrase)
            for address in [guesser, neighbour] {
                let answer = await api.send(.delete, "/usage", fields: right, address: address)
                #expect(answer.status == 429)
                #expect(answer.fields[.retryAfter] != nil)
            }
            #expect(await api.send(.get, "/queues", fields: token, address: guesser).status == 200)
            #expect(await api.send(.delete, "/usage", fields: right, address: other).status == 200)
            api.limitClock.advance(by: .seconds(60))
            #expect(await api.send(.delete, "/usage", fields: right, address: guesser).status == 200)
        }
    }
}
