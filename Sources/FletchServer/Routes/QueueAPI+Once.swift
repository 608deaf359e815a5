internal import FletchQueue
import NIOCore

// Requests that are carried out once, however often they come.
extension QueueAPI {
    typealias WriteJobs = @Sendable (inout JSONWriter, [Job]) -> Void

    /// Answers with the jobs that are stored; or, to a request that was carried out before, with the bytes of that answer.
    /// - Parameters:
    ///   - key: nil for a request that is carried out each time it comes.
    ///   - drafts: What is stored; a single one for all jobs, or one for each.
    ///   - enqueue: May be called more than once. Sets the share that is held until the answer is sent, if the jobs take much
    ///     room.
    func created(
        _ key: IdempotencyKey?, of tenant: String, _ drafts: [JobDraft], _ write: @escaping WriteJobs,
        enqueue: (Once?, inout Readers.Share?) async throws -> Enqueued
    ) async throws -> APIResponse {
        var (share, isAnswerShare) = (Readers.Share?.none, false)
        while true {
            let byteCount: Int
            switch try await enqueue(key?.once(of: tenant, at: queue.clock.now, write), &share) {
            case .stored(var jobs):
                let long = Self.longJobs(in: &jobs, drafts)
                // The answer is remembered already, and is told as that.
                if key != nil, !long.isEmpty { continue }
                if !long.isEmpty {
                    let ownBytes = share?.size ?? 0
                    share = nil
                    share = try await self.share(of: long, in: &jobs, adding: ownBytes, for: tenant)
                }
                return .json(.created) { write(&$0, jobs) }.holding(share)
            case .answered(let stored):
                let answer = try RememberedAnswer(stored)
                guard answer.byteCount > JSONText.pieceBytes, !isAnswerShare else {
                    let text = try answer.text(to: key?.body ?? ByteBuffer())
                    return .json(.created) { $0.raw(text[...]) }.holding(share)
                }
                byteCount = answer.byteCount
            }
            // A request that waits for its turn holds nothing meanwhile.
            share = nil
            share = try await readers.share(of: byteCount, for: tenant)
            isAnswerShare = true
        }
    }

    /// Finds jobs that were there already and are long together, however short the request that named them by their ids.
    /// - Parameters:
    ///   - jobs: A job of a topic whose body is the request's long text gets the request's copy of it, so that the text is in
    ///     memory once.
    ///   - drafts: What was asked for; a single one for all jobs, or one for each.
    /// - Returns: Their places; none if they are short.
    static func longJobs(in jobs: inout [Job], _ drafts: [JobDraft]) -> [Int] {
        let long = jobs.indices.filter { index in
            guard let draft = drafts.count == 1 ? drafts.first : drafts.dropFirst(index).first else { return true }
            // The request's text is counted once for all jobs of a topic. Any other text adds to it.
            if draft.id != nil, drafts.count < jobs.count, draft.body.sharedByteCount > 0 {
                return !jobs[index].body.becomes(draft.body)
            }
            return jobs[index].body.byteCount > draft.body.byteCount
        }
        return long.reduce(0) { $0 + jobs[$1].byteCount } > JSONText.pieceBytes ? long : []
    }

    /// Lets go of the bodies of jobs, waits for its turn, and reads the jobs again.
    ///
    /// One that has ended by then has no body: it was there, and its client knows it by its id.
    /// - Parameters:
    ///   - long: The places of the jobs.
    ///   - ownBytes: What the answer holds beside them.
    func share(
        of long: [Int], in jobs: inout [Job], adding ownBytes: Int = 0, for tenant: String
    ) async throws -> Readers.Share {
        let byteCount = long.reduce(ownBytes) { $0 + jobs[$1].byteCount }
        for index in long { jobs[index].body = "" }
        let share = try await readers.share(of: byteCount, for: tenant)
        for index in long {
            if let job = try await queue.store.job(jobs[index].key) { jobs[index] = job }
        }
        return share
    }

    /// A caller that may only enqueue can neither replace a stored job nor see one: it may have guessed the id.
    /// - Returns: Whether the caller may see jobs that are there already.
    /// - Throws: If the caller may not store these.
    func showsStored(to caller: Caller, _ drafts: [JobDraft]) throws(APIResponse) -> Bool {
        if caller.verdict(on: .change) != .allowed, drafts.contains(where: \.overrides) {
            throw .forbidden("\(APIResponse.enqueueOnly): it cannot override one")
        }
        return caller.verdict(on: .read) == .allowed
    }
}
