import Fletch

extension FletchClient {
    /// Sends all of them at once, and waits for their answers.
    /// - Returns: What became of each, in the same order.
    func answers(to requests: [FletchRequest]) async -> [Result<Receipt, FletchError>] {
        await withTaskGroup(of: (Int, Result<Receipt, FletchError>).self) { group in
            for (number, request) in requests.enumerated() {
                group.addTask { (number, await self.answer(to: request)) }
            }
            var results: [(number: Int, result: Result<Receipt, FletchError>)] = []
            for await result in group { results.append(result) }
            return results.sorted { $0.number < $1.number }.map(\.result)
        }
    }

    func answer(to request: FletchRequest) async -> Result<Receipt, FletchError> {
        do throws(FletchError) {
            return .success(try await send(request, until: .answered))
        } catch {
            return .failure(error)
        }
    }
}

extension Configuration {
    /// One connection, for so many unanswered requests.
    static func oneConnection(depth: Int = 1) -> Configuration {
        var configuration = Configuration()
        configuration.maximumActiveConnectionCount = 1
        configuration.maximumParkedConnectionCount = 0
        configuration.pipelineDepth = depth
        return configuration
    }
}
