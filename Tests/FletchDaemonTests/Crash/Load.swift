import Fletch
import Foundation

/// Clients that enqueue without a pause until the process dies, and remember what it has promised.
final class Load: Sendable {
    struct Promises: Sendable {
        var sent: Set<String> = []
        /// Answered with 201.
        var accepted: Set<String> = []
        /// Answered with something else.
        var refused: [String] = []
    }

    let promises = Lock(Promises())
    private let endpoints: [String]
    private let tokens: [String]

    /// - Parameters:
    ///   - endpoints: The last one is for exclusive jobs.
    ///   - tokens: What clients ask with, in turn; none where nobody is asked for one.
    init(endpoints: [String], _ tokens: [String] = []) {
        self.endpoints = endpoints
        self.tokens = tokens
    }

    /// Returns once each client has seen its connection break.
    func run(port: Int, round: Int, clientCount: Int, seed: UInt64) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in 0..<clientCount {
                let name = "\(round)-\(client)"
                let token = tokens.isEmpty ? nil : tokens[client % tokens.count]
                group.addTask { [self] in
                    try await blocking { [self] in
                        var generator = SeededGenerator(seed ^ UInt64(client) << 32)
                        enqueueUntilBroken(port, name, token, &generator)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func enqueueUntilBroken(
        _ port: Int, _ name: String, _ token: String?, _ generator: inout SeededGenerator
    ) {
        let fields = token.map { ["Authorization": "Bearer \($0)"] } ?? [:]
        guard let wire = try? Wire(port: port, fields) else { return }
        var number = 0
        while true {
            let isBatch = Int.random(in: 0..<8, using: &generator) == 0
            let bodies = (0..<(isBatch ? 10 : 1)).map { "\(name)-\(number + $0)" }
            number += bodies.count
            promises.withLock { $0.sent.formUnion(bodies) }
            guard let answer = try? ask(wire, bodies, isBatch, &generator) else { return }
            promises.withLock { promises in
                if answer.status == 201 { promises.accepted.formUnion(bodies) } else { promises.refused += bodies }
            }
        }
    }

    private func ask(
        _ wire: Wire, _ bodies: [String], _ isBatch: Bool, _ generator: inout SeededGenerator
    ) throws -> Answer {
        let endpoint = endpoints.randomElement(using: &generator) ?? ""
        let drafts = bodies.map { body in
            var draft = Draft(body: body)
            draft.exclusive = endpoint == endpoints.last
            if Bool.random(using: &generator) { draft.delay = Int.random(in: 0..<400, using: &generator) }
            return draft.json
        }
        guard isBatch else { return try wire.ask("POST", API.path(endpoint), body: drafts.first) }
        return try wire.ask("POST", API.path(endpoint) + "/batch", body: "[" + drafts.joined(separator: ",") + "]")
    }
}
