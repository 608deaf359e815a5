/// An origin, and a `fletchd` that is to call it.
struct Queue: Sendable {
    let daemon: Daemon
    let origin: Origin

    var api: API { daemon.api }
    var endpoint: String { origin.url("/") }
    /// Those to ``endpoint``.
    var requests: [OriginRequest] { origin.records.value.requests(to: "/") }

    /// Has so many other jobs done that what was settled before them has had its consequences.
    func settleOthers() async throws {
        for number in 0..<10 {
            try await api.enqueue(Draft(id: "other-\(number)"), at: origin.url("/others"))
            try await api.waitUntilGone("other-\(number)", at: origin.url("/others"))
        }
    }
}

/// Runs `body` with an origin and a `fletchd`, which are ended before it returns.
func withQueue<Result>(
    _ reply: @escaping @Sendable (OriginRequest) -> Reply = { _ in .ok }, _ arguments: [String] = [],
    _ body: (Queue) async throws -> Result
) async throws -> Result {
    try await withPlace { place in
        try await withOrigin(reply) { origin in
            try await withDaemon(place, arguments) { daemon in
                try await body(Queue(daemon: daemon, origin: origin))
            }
        }
    }
}
