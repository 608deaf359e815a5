import Fletch

extension Load {
    /// One connection for each request.
    func single(until milestone: Milestone, _ disposal: Disposal) async throws {
        var configuration = configuration
        configuration.disposal = disposal
        configuration.reusesConnections = false
        let client = try FletchClient(configuration)
        let requests = spreadRequests
        try await measure(client) { await send($0, requests, client, until: milestone) }
    }

    /// Over connections that are kept, each request until it is answered.
    func kept() async throws {
        let client = try FletchClient(configuration)
        try await measure(client) { await send($0, [request], client, until: .answered) }
    }
}
