// Answers with what may be long: a request that waits for its turn holds nothing meanwhile.
extension QueueAPI {
    /// Reads something. If it is long, lets go of it, waits for a share, and reads it again.
    /// - Parameters:
    ///   - reader: Whose share of what readers hold is taken; see ``Readers``.
    ///   - bytes: Its size, about.
    /// - Returns: nil if it is not there, or not any more; and what is to be held until the answer is sent.
    func read<Value>(
        for reader: String, bytes: (Value) -> Int, _ load: () async throws -> Value?
    ) async throws -> (value: Value?, share: Readers.Share?) {
        var value = try await load()
        guard let byteCount = value.map(bytes), byteCount > JSONText.pieceBytes else { return (value, nil) }
        value = nil
        let share = try await readers.share(of: byteCount, for: reader)
        return (try await load(), share)
    }
}
