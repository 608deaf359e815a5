import Foundation
import Testing

/// What neither the log nor another origin nor another user gets to see.
@Suite(.timeLimit(.minutes(3)))
struct LeakTests {
    private static let passphrase = "the-operators-passphrase"

    @Test func logHoldsNoSecretWhateverHappens() async throws {
        try await withPlace { place in
            try await withOrigin({ request in
                switch request.path {
                case "/fails?key=query-secret": .status(500, body: "answer-secret")
                case "/redirects": .redirect(307, to: "http://user:redirect-secret@127.0.0.1:1/?key=query-secret")
                case "/malformed":
                    .raw("HTTP/1.1 200 OK\r\nLocation: x\r\nX: header-secret\r\nContent-Length: y\r\n\r\n")
                default: .ok
                }
            }) { origin in
                let environment = [
                    "PASSPHRASES": Self.passphrase,
                    "INCIDENT_RECEIVER_ENDPOINT": "http://user:incident-secret@127.0.0.1:1/",
                    "INCIDENT_RECEIVER_PASSPHRASE": "receiver-secret",
                ]
                let flags = ["--allow-target", "127.0.0.0/8", "--log-level", "trace"]
                try await withDaemon(place, flags, environment: environment) { daemon in
                    let token = try await daemon.api.token("somebody", passphrase: Self.passphrase)
                    let api = daemon.api.with(token: token)
                    let secret = try await api.ask("POST", "/signing-secret/rotate").body
                    let targets = [
                        origin.url("/fails?key=query-secret"), origin.url("/redirects"), origin.url("/malformed"),
                        "http://user:url-secret@127.0.0.1:1/x?key=query-secret#fragment-secret",
                        "http://user:url-secret@nowhere.invalid/?key=query-secret", "http://user:url-secret@10.0.0.1/",
                    ]
                    for (number, target) in targets.enumerated() {
                        try await api.enqueue(Draft(body: "body-secret", id: "job-\(number)"), at: target)
                    }
                    for fields in [["Authorization": "Bearer wrong-token-secret"], ["Authorization": "garbage-secret"]]
                    {
                        _ = try await API(port: daemon.api.port, fields: fields).ask("GET", "/queues?x=query-secret")
                    }
                    _ = try await daemon.api.with(passphrase: "guess-secret", tenant: "a").ask("DELETE", "/usage")
                    _ = try await api.ask("GET", "/nowhere?key=query-secret")
                    for (number, target) in targets.enumerated() where !target.contains("nowhere") {
                        try await api.waitUntilGone("job-\(number)", at: target)
                    }
                    #expect(try await daemon.terminate() == 0)
                    let said = daemon.program.said.value
                    #expect(said.contains("a delivery failed"))
                    #expect(!said.contains("secret"), "\(said)")
                    #expect(!said.contains(token) && !said.contains(Self.passphrase))
                    #expect(!said.contains(String(secret.dropFirst(20).prefix(20))))
                }
            }
        }
    }

    @Test func credentialsOfTheURLStayAtItsOrigin() async throws {
        try await withPlace { place in
            try await withOrigin { other in
                let target = other.url("/2")
                try await withOrigin({ $0.path == "/0" ? .redirect(307, to: "/1") : .redirect(307, to: target) }) {
                    origin in
                    try await withDaemon(place) { daemon in
                        let endpoint = "http://user:password@127.0.0.1:\(origin.port)/0"
                        try await daemon.api.enqueue(Draft(), at: endpoint)
                        let last = try #require(try await other.wait(for: 1, at: "/2").first)
                        let first = origin.records.value.requests
                        #expect(first.map { $0.value(of: "authorization") != nil } == [true, true])
                        #expect(last.value(of: "authorization") == nil)
                    }
                }
            }
        }
    }

    /// They would end a field, or a line of the log.
    @Test func lineEndsInIDsReachNeitherFieldsNorTheLog() async throws {
        try await withQueue({ _ in .status(500) }) { queue in
            let id = "a\r\nX-Injected: yes\r\n\r\n\u{0}b"
            let answer = try await queue.api.ask(
                "POST", API.path(queue.endpoint), body: #"{"id":"a\r\nX-Injected: yes\r\n\r\n\u0000b"}"#)
            #expect(answer.status == 201)
            try await queue.api.waitUntilGone(id, at: queue.endpoint)
            let request = try #require(queue.requests.first)
            #expect(request.value(of: "x-injected") == nil)
            #expect(request.value(of: "x-quirrel-meta")?.contains(#""id":"a\u000d\u000aX-Injected"#) == true)
            let lines = queue.daemon.program.said.value.split(separator: "\n")
            #expect(!lines.contains { $0.hasPrefix("X-Injected") })
        }
    }

    /// A CR is a space there, and what follows an LF is another field of the answer.
    @Test(arguments: [
        ("/\rX-Injected: yes", "/%20X-Injected:%20yes"), ("/\u{1F600}\nX-Injected: yes", "/%F0%9F%98%80"),
        ("/\u{7F}", "/%7F"),
    ])
    func nothingOfALocationReachesAField(_ location: String, _ path: String) async throws {
        try await withQueue({ $0.path == "/" ? .redirect(307, to: location) : .ok }) { queue in
            try await queue.api.enqueue(Draft(id: "a"), at: queue.endpoint)
            try await queue.api.waitUntilGone("a", at: queue.endpoint)
            let requests = queue.origin.records.value.requests
            #expect(requests.map(\.path) == ["/", path])
            #expect(requests.allSatisfy { $0.value(of: "x-injected") == nil })
        }
    }

    @Test func filesAreTheUsersOwnWhateverTheUmask() async throws {
        try await withPlace { place in
            let shell = ["/bin/sh", "-c", "umask 0; exec \"$0\" \"$@\""]
            try await withDaemon(place, wrapper: shell) { daemon in
                try await daemon.api.enqueue(Draft(delay: 100_000), at: "http://127.0.0.1:1/")
                for suffix in ["", "-wal", "-shm", ".lock"] {
                    let attributes = try FileManager.default.attributesOfItem(atPath: place.database + suffix)
                    #expect(attributes[.posixPermissions] as? Int == 0o600, "\(suffix)")
                }
            }
        }
    }
}
