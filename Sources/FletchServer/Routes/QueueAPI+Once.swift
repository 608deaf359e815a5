internal import FletchQueue

// Requests that are carried out once, however often they come.
extension QueueAPI {
    typealias WriteJobs = @Sendable (inout JSONWriter, [Job]) -> Void

    /// Answers with the jobs that are stored; or, to a request that was carried out before, with the bytes of that answer.
    /// - Parameters:
    ///   - key: nil for a request that is carried out each time it comes.
    ///   - enqueue: May be called twice. Sets the share that is held until the answer is sent, if the jobs take much room.
    func created(
        _ key: IdempotencyKey?, of tenant: String, _ write: @escaping WriteJobs,
        enqueue: (Once?, inout Readers.Share?) async throws -> Enqueued
    ) async throws -> APIResponse {
        var (share, isAnswerShare) = (Readers.Share?.none, false)
        while true {
            let byteCount: Int
            switch try await enqueue(key?.once(of: tenant, at: queue.clock.now, write), &share) {
            case .stored(let jobs): return .json(.created) { write(&$0, jobs) }.holding(share)
            case .answered(let bytes):
                guard bytes.count > JSONText.pieceBytes, !isAnswerShare else {
                    return .json(.created) { $0.raw(bytes[...]) }.holding(share)
                }
                byteCount = bytes.count
            }
            // A request that waits for its turn holds nothing meanwhile.
            share = nil
            share = try await readers.share(of: byteCount)
            isAnswerShare = true
        }
    }

    /// A caller that may only enqueue can neither replace a stored job nor see one: it may have guessed the id.
    /// - Returns: Whether the caller may see jobs that are there already.
    /// - Throws: If the caller may not store these.
    func showsStored(to caller: Caller, _ drafts: [JobDraft]) throws(APIResponse) -> Bool {
        if caller.verdict(on: .change) != .allowed, drafts.contains(where: \.overrides) {
            throw .forbidden("this token is for enqueueing jobs only: it cannot override one")
        }
        return caller.verdict(on: .read) == .allowed
    }
}
