import Testing

/// Targets that never answer hold nobody up.
@Suite(.timeLimit(.minutes(2))) struct IsolationTests {
    @Test func hangingTargetTakesNoMoreThanItsOwn() async throws {
        try await withPlace { place in
            try await withOrigin({ _ in .held(200) }) { hanging in
                try await withOrigin { healthy in
                    try await withDaemon(place, ["--concurrency", "10", "--total-concurrency", "40"]) { daemon in
                        try await daemon.api.enqueue(
                            all: (0..<200).map { Draft(body: "\($0)") }, at: hanging.url("/"))
                        try await hanging.wait(for: 10, at: "/")
                        try await daemon.api.enqueue(
                            all: (0..<100).map { Draft(body: "\($0)") }, at: healthy.url("/"))
                        try await healthy.wait(for: 100, at: "/")
                        #expect(hanging.records.value.requests.count == 10)
                        hanging.release()
                        try await hanging.wait(for: 200, at: "/")
                        try await daemon.api.waitUntilEmpty()
                    }
                }
            }
        }
    }

    @Test func bodiesUnderWayHaveALimitTogether() async throws {
        try await withQueue({ _ in .held(200) }, ["--total-body-bytes", "100"]) { queue in
            let body = String(repeating: "x", count: 60)
            try await queue.api.enqueue(Draft(body: body, id: "a"), at: queue.endpoint)
            try await queue.origin.wait(for: 1, at: "/")
            try await queue.api.enqueue(Draft(body: body, id: "b"), at: queue.endpoint)
            try await polled("a job that waits for room") {
                let answer = try await queue.api.ask("GET", API.path(queue.endpoint, "b") + "/explain")
                return answer.body.contains(#""reason":"concurrency""#) ? () : nil
            }
            #expect(queue.requests.count == 1)
            queue.origin.release()
            try await queue.origin.wait(for: 2, at: "/")
            try await queue.api.waitUntilEmpty()
        }
    }

    /// However many such targets there are: past three quarters of all deliveries each gets two.
    @Test func manyHangingTargetsLeaveRoom() async throws {
        try await withPlace { place in
            try await withOrigin(at: "0.0.0.0", { _ in .held(200) }) { hanging in
                try await withOrigin { healthy in
                    try await withDaemon(place, ["--concurrency", "10", "--total-concurrency", "80"]) { daemon in
                        // An origin each: every address of 127/8 is this machine.
                        for number in 0..<8 {
                            let endpoint = "http://127.0.0.\(number + 1):\(hanging.port)/"
                            try await daemon.api.enqueue(
                                all: (0..<20).map { Draft(body: "\($0)") }, at: endpoint)
                        }
                        try await hanging.wait(for: 10, at: "/")
                        try await daemon.api.enqueue(
                            all: (0..<100).map { Draft(body: "\($0)") }, at: healthy.url("/"))
                        try await healthy.wait(for: 100, at: "/")
                        let count = hanging.records.value.requests.count
                        #expect(count <= 64, "\(count) of 80: six origins with ten, the others with two")
                    }
                }
            }
        }
    }
}
