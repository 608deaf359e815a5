import Foundation
import Testing

/// Policies, as operators and clients set them, with a real origin.
@Suite(.timeLimit(.minutes(2))) struct PolicyTests {
    private static func path(_ target: String) -> String {
        "/policies/" + (target.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")
    }

    private static func set(_ policy: String, for target: String, _ api: API) async throws {
        let answer = try await api.ask("PUT", path(target), body: policy)
        try #require(answer.status == 200, "\(answer.body)")
    }

    @Test func pausedQueueGoesOnAtOnceWhenThePolicyIsGone() async throws {
        try await withQueue { queue in
            let endpoint = queue.origin.url("/paused")
            try await Self.set(#"{"paused":true}"#, for: endpoint, queue.api)
            try await queue.api.enqueue(Draft(body: "a", id: "a"), at: endpoint)
            try await queue.settleOthers()
            #expect(queue.origin.records.value.requests(to: "/paused").isEmpty)
            let explained = try await queue.api.ask("GET", API.path(endpoint, "a") + "/explain")
            #expect(explained.body.contains(#""reason":"paused""#), "\(explained.body)")
            #expect(try await queue.api.ask("DELETE", Self.path(endpoint)).status == 204)
            try await queue.origin.wait(for: 1, at: "/paused")
        }
    }

    @Test func policiesOfAFileHoldForAllAndAWrongOneKeepsItFromStarting() async throws {
        try await withPlace { place in
            try await withOrigin { origin in
                try place.write(
                    #"{"\#(origin.url(""))":{"paused":true},"*":{"timeout":20000}}"#, to: "policies.json")
                try await withDaemon(place, ["--policies", place.path("policies.json")]) { daemon in
                    try await daemon.api.enqueue(Draft(id: "a"), at: origin.url("/a"))
                    let path = API.path(origin.url("/a"), "a") + "/explain"
                    try await polled("a lease pass") {
                        try await daemon.api.ask("GET", path).body.contains("paused") ? () : nil
                    }
                    #expect(origin.records.value.requests.isEmpty)
                }
                try place.write(#"{"ftp://a":{}}"#, to: "wrong.json")
                let arguments = ["--port", "0", "--store", place.store, "--policies", place.path("wrong.json")]
                let outcome = try await outcome(of: arguments)
                #expect(outcome.status == 2)
                #expect(outcome.said.contains("ftp://a"), "\(outcome.said)")
            }
        }
    }

    /// Ten at once, and then one each hundred milliseconds.
    @Test func rateIsKept() async throws {
        try await withQueue { queue in
            try await Self.set(#"{"rate":{"count":10,"per":1000,"burst":5}}"#, for: queue.endpoint, queue.api)
            try await queue.api.enqueue(all: (0..<15).map { Draft(body: "\($0)") }, at: queue.endpoint)
            let requests = try await queue.origin.wait(for: 15, at: "/")
            let moments = requests.map { $0.arrivedAt }
            // The tenth after the burst may not be there before a second is over, less what the first was late by.
            #expect(moments[0].duration(to: moments[14]) >= .milliseconds(900))
        }
    }

    @Test func statusesTimeoutsAndRetriesAreThePolicys() async throws {
        let reply: @Sendable (OriginRequest) -> Reply = { request in
            switch request.path {
            case "/teapot": .status(418)
            case "/slow": .held(200)
            default: .status(request.attempt < 3 ? 500 : 200)
            }
        }
        try await withQueue(reply) { queue in
            let origin = queue.origin
            try await Self.set(
                #"{"statuses":{"418":"succeed"},"timeout":100,"retryPolicy":{"attempts":3,"base":1,"jitter":"none"}}"#,
                for: "*", queue.api)
            for path in ["/teapot", "/slow", "/"] {
                try await queue.api.enqueue(Draft(id: "a"), at: origin.url(path))
                try await queue.api.waitUntilGone("a", at: origin.url(path))
            }
            #expect(origin.records.value.requests(to: "/teapot").count == 1)
            #expect(origin.records.value.requests(to: "/slow").map(\.attempt) == [1, 2, 3])
            #expect(queue.requests.map(\.attempt) == [1, 2, 3])
            let attempts = try await queue.api.ask("GET", API.path(origin.url("/slow"), "a") + "/attempts")
            #expect(attempts.body.components(separatedBy: "deadline-exceeded").count == 4, "\(attempts.body)")
        }
    }

    @Test func retryAfterIsWaitedFor() async throws {
        let reply: @Sendable (OriginRequest) -> Reply = { request in
            request.attempt == 1 ? .status(503, fields: ["Retry-After": "1"]) : .ok
        }
        try await withQueue(reply) { queue in
            try await queue.api.enqueue(Draft(id: "a", retry: [1]), at: queue.endpoint)
            let requests = try await queue.origin.wait(for: 2, at: "/")
            #expect(requests[0].arrivedAt.duration(to: requests[1].arrivedAt) >= .milliseconds(990))
        }
    }

    @Test func pauseAndWhatIsLeftOfARateOutliveARestart() async throws {
        try await withPlace { place in
            try await withOrigin { origin in
                try await withDaemon(place) { daemon in
                    try await Self.set(#"{"rate":{"count":1,"per":3600000}}"#, for: origin.url("/rate"), daemon.api)
                    try await Self.set(#"{"paused":true}"#, for: origin.url("/pause"), daemon.api)
                    for path in ["/rate", "/pause"] {
                        try await daemon.api.enqueue(all: [Draft(), Draft()], at: origin.url(path))
                    }
                    try await origin.wait(for: 1, at: "/rate")
                    try await daemon.kill()
                }
                try await withDaemon(place) { daemon in
                    try await daemon.api.enqueue(Draft(), at: origin.url("/other"))
                    try await origin.wait(for: 1, at: "/other")
                    // The delivery may be made again whose settlement the kill has prevented; the rate holds for it.
                    #expect(origin.records.value.requests(to: "/rate").count == 1)
                    #expect(origin.records.value.requests(to: "/pause").isEmpty)
                }
            }
        }
    }
}
