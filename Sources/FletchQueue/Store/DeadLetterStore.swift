/// Keeps failed attempts, and runs that failed for good. All of it is as durable as the settlement that it comes from
/// (``JobStore``).
///
/// A store keeps the last ``FailedAttempt/keptCount`` attempts of each job; they become the dead letter's if the run dies. It
/// drops the oldest dead letters beyond its ``Quotas``. A dead letter of a revoked tenant cannot be found any more.
package protocol DeadLetterStore: Sendable {
    /// Returns the attempts of a job that failed, the newest first; or those of the newest dead letter with this id if
    /// there is no such job.
    /// - Returns: nil if there is neither. At most ``FailedAttempt/keptCount``; none for a job that has not failed.
    func attempts(of id: String, in scope: QueueScope) async throws(StoreError) -> [FailedAttempt]?

    /// Returns a portion of the dead letters that match, the newest first, from `cursor` (nil at first) on.
    ///
    /// It looks at 10,000 dead letters at most. A page may therefore have fewer than `limit` allows, or none at all,
    /// and a cursor all the same.
    /// - Parameters:
    ///   - tenant: nil for all tenants.
    ///   - limit: Its bytes are those of bodies, ids and endpoints.
    func deadLetters(
        of tenant: String?, matching filter: DeadLetterFilter, from cursor: Int64?, limit: Portion
    ) async throws(StoreError) -> DeadLetterPage

    /// Returns a dead letter with its attempts, the newest first.
    /// - Parameter tenant: Whose it must be; nil for any tenant's.
    /// - Returns: nil if it is not there.
    func deadLetter(
        _ number: Int64, of tenant: String?
    ) async throws(StoreError) -> (letter: DeadLetter, attempts: [FailedAttempt])?

    /// Returns how many dead letters of a tenant match.
    func deadLetterCount(of tenant: String, matching filter: DeadLetterFilter) async throws(StoreError) -> Int

    /// Returns the number of a tenant's newest dead letter; nil if there is none.
    func newestDeadLetter(of tenant: String) async throws(StoreError) -> Int64?

    /// Returns a portion of a tenant's dead letters that match, the oldest first.
    /// - Parameters:
    ///   - start: The number that all of them are above; 0 for the beginning.
    ///   - end: The largest number.
    ///   - limit: Its bytes are those of bodies. No body is read.
    func oldestDeadLetters(
        of tenant: String, matching filter: DeadLetterFilter, after start: Int64, through end: Int64, limit: Portion
    ) async throws(StoreError) -> [DeadLetterKey]

    /// Makes jobs of dead letters, in order and in one transaction: each job is due at `now`, and its dead letter is gone.
    ///
    /// A job keeps its id if no other job of the queue has that by then; see ``DeadLetter/job(replayedAs:at:isIDFree:)``.
    /// Ends before the first job that the tenant's ``Quotas`` do not allow.
    /// - Parameter replays: At most 1,000, whose bodies have about 4 MiB together. Those that are not there are left out.
    /// - Returns: The jobs that are stored.
    /// - Throws: `.quotaExceeded` if the quotas do not allow the first one. Nothing has changed then.
    func replay(_ replays: [Replay], of tenant: String, at now: Timestamp) async throws(StoreError) -> [Job]

    /// Deletes a dead letter.
    /// - Returns: Whether it was there.
    func deleteDeadLetter(_ number: Int64, of tenant: String) async throws(StoreError) -> Bool

    /// Deletes all dead letters of a queue that are there now. Portion by portion, as ``JobStore/empty(_:)``.
    func deleteDeadLetters(of queue: QueueName) async throws(StoreError)

    /// Drops dead letters of all tenants that failed before a moment, and those that are beyond the ``Quotas``.
    ///
    /// Portion by portion, each atomic. An error leaves a part of them, and so does the cancellation of its task.
    /// - Returns: How many it dropped.
    func dropDeadLetters(failedBefore moment: Timestamp) async throws(StoreError) -> Int

    /// Returns how many dead letters were dropped for their age, their number or their bytes since the store was opened.
    func droppedDeadLetterCount() async throws(StoreError) -> Int
}
