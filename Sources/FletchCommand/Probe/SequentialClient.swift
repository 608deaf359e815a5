import Fletch

/// Sends requests one after the other with a client of their own, each until it is answered, and waits for the client's
/// end.
struct SequentialClient {
    let configuration: Configuration

    /// - Returns: What came of each, and how often any of them was sent.
    func send(
        _ requests: [FletchRequest]
    ) throws(FletchError) -> (results: [Result<Receipt, FletchError>], sentCount: Int) {
        guard let inbox = Inbox(listener: -1) else {
            throw FletchError(
                .descriptorsExhausted, .notSent, "no file descriptor is left: raise the limit (ulimit -n)")
        }
        let client = try FletchClient(configuration)
        let results = requests.map { request in
            client.start(request, until: .answered) { inbox.put($0) }
            return inbox.take {}
        }
        client.drain(within: configuration.parkLimit) { _ in inbox.noteDrained() }
        inbox.waitUntilDrained()
        return (results, client.statistics.writtenCount)
    }
}
