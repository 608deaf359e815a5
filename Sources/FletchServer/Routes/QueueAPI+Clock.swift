internal import FletchQueue

// The test clock. Without one there are no such routes.
extension QueueAPI {
    func offers(_ route: Route) -> Bool {
        switch route {
        case .clock, .advanceClock: queue.testClock != nil && access.offers(route.right)
        default: access.offers(route.right)
        }
    }

    func clock() throws(APIResponse) -> APIResponse {
        let now = try testClock().now
        return .json(.ok) { json in
            json.raw("{\"now\":")
            json.quoted(now.isoBytes)
            json.raw("}")
        }
    }

    /// Answers once all that has become due is delivered and settled.
    func advanceClock(_ content: JSONValue?) async throws -> APIResponse {
        let clock = try testClock()
        let body: AdvanceBody = try Self.checked(content, as: "object") { value throws(Violation) in
            try AdvanceBody(value)
        }
        do {
            let advance = try await queue.advance(clock, by: body.milliseconds)
            return .json(.ok) { json in
                json.raw("{\"now\":")
                json.quoted(advance.now.isoBytes)
                json.raw(",\"delivered\":")
                json.number(advance.delivered)
                json.raw("}")
            }
        } catch let error as ClockError {
            throw APIResponse.refused(error)
        }
    }

    private func testClock() throws(APIResponse) -> TestQueueClock {
        guard let clock = queue.testClock else { throw .problem(.notFound, "there is no test clock") }
        return clock
    }
}

extension APIResponse {
    static func refused(_ error: ClockError) -> APIResponse {
        .problem(error.code == .draining ? .serviceUnavailable : .conflict, code: error.code.rawValue, error.message)
    }
}
