extension FletchClient {
    /// As ``send(_:until:)``, for tasks of which thousands wait at the same time.
    /// - Returns: What ``end(of:)`` takes, once.
    package func begin(_ request: FletchRequest, until milestone: Milestone) -> PendingReceipt {
        let pending = PendingReceipt()
        pending.sent(start(request, until: milestone) { pending.ended($0) })
        return pending
    }

    /// Waits for the end of a request that was begun. Cancelling is as with ``send(_:until:)``.
    package func end(of pending: PendingReceipt) async -> PendingReceipt.End {
        await withTaskCancellationHandler {
            await pending.end()
        } onCancel: {
            withdraw(pending.call)
        }
    }
}
