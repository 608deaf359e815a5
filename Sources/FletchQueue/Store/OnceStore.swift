/// Where it is remembered what was enqueued with an `Idempotency-Key`; as durable as the jobs (``JobStore``).
package protocol OnceStore: Sendable {
    /// Returns the answer to what was asked for before with the same key; nil if nothing was.
    /// - Throws: `.keyReused` if something else was asked for with it.
    func answer(to once: Once) async throws(StoreError) -> [UInt8]?

    /// Forgets what was remembered until a moment before `now`. Portion by portion, each atomic; ends after one if its task is
    /// cancelled.
    func forgetAnswers(at now: Timestamp) async throws(StoreError)
}

/// An enqueue that is to be carried out once, however often it is asked for.
package struct Once: Sendable {
    /// How long it is remembered.
    package static let memory: Int64 = 86_400_000
    /// Of the key, as UTF-8.
    package static let maximumKeyBytes = 255

    /// Whose key it is.
    package let tenant: String
    /// What the client calls it.
    package let key: String
    /// SHA-256 of all that makes it another request: route, endpoint, what the caller may see, and body.
    package let request: [UInt8]
    package let at: Timestamp
    /// Writes the answer, to be remembered. Called while others wait to write.
    package let answer: @Sendable ([Job]) -> [UInt8]

    package init(
        tenant: String, key: String, request: [UInt8], at moment: Timestamp,
        answer: @escaping @Sendable ([Job]) -> [UInt8]
    ) {
        self.tenant = tenant
        self.key = key
        self.request = request
        at = moment
        self.answer = answer
    }

    /// The same, whose answer is written for other jobs.
    func answering(_ jobs: @escaping @Sendable ([Job]) -> [Job]) -> Once {
        Once(tenant: tenant, key: key, request: request, at: at) { [answer] in answer(jobs($0)) }
    }
}

/// What came of an enqueue.
package enum Enqueued: Sendable {
    /// These are stored.
    case stored([Job])
    /// It was carried out before, with this answer. Nothing is stored.
    case answered([UInt8])
}
