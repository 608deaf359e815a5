/// Counts what happens elsewhere, and waits for it.
final class Signal: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func send() { continuation.yield() }

    /// - Returns: Whether it came so many times; false only where it does not within what a slow machine may take.
    func comes(_ count: Int = 1) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { [stream] in await stream.prefix(count).reduce(0) { count, _ in count + 1 } == count }
            group.addTask {
                try? await ContinuousClock().sleep(for: .seconds(300))
                return false
            }
            let hasCome = await group.next() ?? false
            group.cancelAll()
            return hasCome
        }
    }
}
