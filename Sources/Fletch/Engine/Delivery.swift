import DequeModule

/// What an event loop takes out of its mailbox in one go.
struct Delivery {
    var messages: [Message] = []
    var fired: Deque<Submission> = []
    /// How much has to be dropped for the outbox to be within its bounds again.
    var excess = Outbox.Size()

    var isEmpty: Bool { messages.isEmpty && fired.isEmpty && excess.isNone }
}
