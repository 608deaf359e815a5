import Testing

/// Redirects, as Quirrel's client follows them.
@Suite(.timeLimit(.minutes(3)))
struct RedirectTests {
    @Test(arguments: [301, 302, 303])
    func itBecomesAGetWithoutABody(_ status: Int) async throws {
        let arrived = try await requests([.redirect(status, to: "/1")])
        #expect(arrived.map(\.method) == ["POST", "GET"])
        #expect(arrived.map(\.body) == ["content", ""])
        #expect(arrived.last?.value(of: "content-type") == nil)
        #expect(arrived.last?.value(of: "content-length") == nil)
        #expect(arrived.last?.value(of: "x-quirrel-meta") != nil)
    }

    @Test(arguments: [307, 308])
    func itRemainsAPost(_ status: Int) async throws {
        let arrived = try await requests([.redirect(status, to: "/1")])
        #expect(arrived.map(\.method) == ["POST", "POST"])
        #expect(arrived.map(\.body) == ["content", "content"])
        #expect(arrived.last?.value(of: "content-type") == "text/plain")
    }

    @Test(arguments: ["/a/1", "1", "../a/1", "./1?x=y"])
    func relativeLocationIsResolved(_ location: String) async throws {
        try await withPlace { place in
            try await withOrigin({ $0.path == "/a/0" ? .redirect(307, to: location) : .ok }) { origin in
                try await withDaemon(place) { daemon in
                    try await daemon.api.enqueue(Draft(), at: origin.url("/a/0"))
                    try await origin.records.wait { $0.requests.count == 2 }
                    #expect(origin.records.value.requests.last?.path.hasPrefix("/a/1") == true)
                    try await daemon.api.waitUntilEmpty()
                }
            }
        }
    }

    @Test func twentyAreFollowed() async throws {
        let arrived = try await requests((1...20).map { .redirect(307, to: "/\($0)") })
        #expect(arrived.count == 21)
        #expect(arrived.last?.path == "/20")
    }

    @Test(arguments: [302, 307])
    func loopEndsAsAFailure(_ status: Int) async throws {
        try await withPlace { place in
            try await withOrigin({ _ in .redirect(status, to: "/") }) { origin in
                try await withDaemon(place) { daemon in
                    try await daemon.api.enqueue(Draft(id: "loop"), at: origin.url("/"))
                    try await daemon.api.waitUntilGone("loop", at: origin.url("/"))
                    #expect(origin.records.value.requests.count == 21)
                    let failures = Daemon.lines("a delivery failed", in: daemon.program.said.value)
                    #expect(failures.first?["reason"] == "redirected more than 20 times")
                }
            }
        }
    }

    @Test func redirectWithoutALocationIsAFailure() async throws {
        try await withPlace { place in
            try await withOrigin({ _ in .status(302) }) { origin in
                try await withDaemon(place) { daemon in
                    try await daemon.api.enqueue(Draft(id: "job"), at: origin.url("/"))
                    try await daemon.api.waitUntilGone("job", at: origin.url("/"))
                    let failures = Daemon.lines("a delivery failed", in: daemon.program.said.value)
                    #expect(failures.map { $0["reason"] } == ["answered 302"])
                }
            }
        }
    }

    /// - Parameter replies: To what arrives at /0, /1, …; 200 to what comes after.
    private func requests(_ replies: [Reply]) async throws -> [OriginRequest] {
        try await withPlace { place in
            let reply: @Sendable (OriginRequest) -> Reply = { request in
                guard let number = Int(request.path.dropFirst()), number < replies.count else { return .ok }
                return replies[number]
            }
            return try await withOrigin(reply) { origin in
                try await withDaemon(place) { daemon in
                    try await daemon.api.enqueue(Draft(body: "content"), at: origin.url("/0"))
                    try await daemon.api.waitUntilEmpty()
                    #expect(Daemon.lines("a delivery failed", in: daemon.program.said.value).isEmpty)
                    return origin.records.value.requests
                }
            }
        }
    }
}
