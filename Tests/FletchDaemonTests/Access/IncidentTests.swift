import Foundation
import Testing

/// What the operator is told of jobs that have failed for good (A.14).
@Suite(.timeLimit(.minutes(3)))
struct IncidentTests {
    private static func incidents(
        of draft: Draft, _ reply: Reply, until count: Int, receiver: Reply = .ok
    ) async throws -> (incidents: [OriginRequest], runs: [OriginRequest]) {
        let passphrase = "a passphrase to test with"
        return try await withPlace { place in
            try await withOrigin({ _ in receiver }) { operators in
                let environment = [
                    "INCIDENT_RECEIVER_ENDPOINT": operators.url("/"), "INCIDENT_RECEIVER_PASSPHRASE": "let me in",
                    "PASSPHRASES": passphrase,
                ]
                // Tenants are not allowed where the receiver is.
                return try await withOrigin(at: "127.0.0.2", { _ in reply }) { origin in
                    let target = origin.url("/job")
                    return try await withDaemon(
                        place, ["--allow-target", "127.0.0.2"], environment: environment
                    ) { daemon in
                        let api = daemon.api.with(
                            token: try await daemon.api.token("somebody", passphrase: passphrase))
                        try await api.enqueue(draft, at: target)
                        try await api.waitUntilGone(draft.id ?? "", at: target)
                        try await operators.wait(for: count, at: "/")
                        #expect(try await daemon.terminate() == 0)
                        return (operators.records.value.requests, origin.records.value.requests)
                    }
                }
            }
        }
    }

    @Test func lastFailureIsToldWithWhatTheEndpointSaid() async throws {
        let (incidents, runs) = try await Self.incidents(
            of: Draft(body: "payload \"é\"", id: "a", runAt: "2020-01-02T03:04:05.678Z", retry: [1, 1]),
            .status(500, body: "it \"broke\"\n"), until: 1)
        #expect(runs.count == 3)
        #expect(incidents.count == 1)
        let incident = try #require(incidents.first)
        #expect(incident.method == "POST")
        #expect(incident.value(of: "content-type") == "application/json")
        #expect(incident.value(of: "authorization") == "Bearer let me in")
        let json = try #require(
            JSONSerialization.jsonObject(with: Data(incident.body.utf8)) as? [String: Any])
        #expect(json["type"] as? String == "incident")
        let job = try #require(json["job"] as? [String: Any])
        #expect(job["tokenId"] as? String == "somebody")
        #expect(job["payload"] as? String == "payload \"é\"")
        #expect(job["id"] as? String == "a")
        #expect((job["endpoint"] as? String)?.hasSuffix("/job") == true)
        #expect((job["runAt"] as? String)?.hasSuffix("Z") == true)
        #expect(Set(job.keys) == ["endpoint", "tokenId", "payload", "id", "runAt"])
        let said = try #require(json["incident"] as? [String: Any])
        #expect(said["status"] as? Int == 500)
        #expect(said["body"] as? String == "it \"broke\"\n")
    }

    @Test func eachFailedRunOfARepeatingJobIsTold() async throws {
        var draft = Draft(body: "x", id: "a")
        draft.repeat = Draft.Repeat(every: 20, times: 3)
        let (incidents, runs) = try await Self.incidents(of: draft, .status(503), until: 3)
        #expect(runs.count == 3)
        #expect(incidents.count == 3)
    }

    @Test func endpointThatDoesNotAnswerIsToldWithoutAStatus() async throws {
        let (incidents, _) = try await Self.incidents(of: Draft(id: "a"), .close, until: 1)
        #expect(incidents.first?.body.hasSuffix(#""incident":{}}"#) == true)
    }

    /// A 404 ends the job before its retries are used up.
    @Test func endedJobIsNoIncidentWhileRetriesRemain() async throws {
        let (incidents, runs) = try await Self.incidents(of: Draft(id: "a", retry: [1]), .status(404), until: 0)
        #expect(runs.count == 1)
        #expect(incidents.isEmpty)
    }

    @Test func first64KiBOfALongAnswerAreTold() async throws {
        let reply = Reply.raw(
            "HTTP/1.1 500 Status\r\nContent-Length: 10000000000\r\n\r\n" + String(repeating: "x", count: 65_536))
        let (incidents, _) = try await Self.incidents(of: Draft(id: "a"), reply, until: 1)
        let body = try #require(incidents.first?.body)
        #expect(body.contains(String(repeating: "x", count: 65_536)))
        #expect(body.hasSuffix(#"","status":500}}"#))
    }

    @Test func successIsNoIncident() async throws {
        let (incidents, _) = try await Self.incidents(of: Draft(id: "a"), .ok, until: 0)
        #expect(incidents.isEmpty)
    }

    @Test func receiverThatFailsChangesNothing() async throws {
        let (incidents, runs) = try await Self.incidents(
            of: Draft(id: "a", retry: [1]), .status(500), until: 1, receiver: .status(500))
        #expect(runs.count == 2)
        #expect(incidents.count == 1)
    }
}
