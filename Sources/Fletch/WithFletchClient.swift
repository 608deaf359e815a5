/// Runs `body` with a client, and drains the client before it returns or throws; cancelling does not cut that short.
/// - Parameters:
///   - configuration: Default: ``Configuration``'s defaults.
///   - limit: The longest that draining may take. Default: ``Configuration/drainLimit``.
///   - isolation: Where `body` runs. Default: the caller's isolation.
///   - body: What to do with the client, which must not be used after it.
/// - Returns: What `body` returns.
/// - Throws: What `body` throws, after draining; ``FletchError`` where no client can be made.
public func withFletchClient<Result>(
    _ configuration: Configuration = Configuration(), drainingFor limit: Duration? = nil,
    isolation: isolated (any Actor)? = #isolation, _ body: (FletchClient) async throws -> Result
) async throws -> Result {
    let client = try FletchClient(configuration)
    do {
        let result = try await body(client)
        await client.drain(within: limit ?? configuration.drainLimit)
        return result
    } catch {
        await client.drain(within: limit ?? configuration.drainLimit)
        throw error
    }
}
