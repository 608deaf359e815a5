/// The callers that hear at the end of a turn what has come of their requests: confined to the loop's thread.
///
/// A caller that is told answers the loop by its mailbox, never by a call to this.
struct Audience {
    private var completed: [(call: Call, result: Result<Receipt, FletchError>)] = []
    private var observer: (any Observer)?
    private var outcomes: [Outcome] = []

    /// A caller is told, a few at a time: each resumption may wake a thread, and one awake takes several.
    mutating func complete(_ call: Call, _ result: Result<Receipt, FletchError>) {
        completed.append((call, result))
        if completed.count >= Self.maximumUntoldCount { tellAll() }
    }

    /// An observer is told once in a turn; a loop mostly has one.
    mutating func tell(_ observer: any Observer, _ outcome: Outcome) {
        if self.observer !== observer {
            tellObserver()
            self.observer = observer
        }
        outcomes.append(outcome)
    }

    mutating func tellAll() {
        tellObserver()
        for (call, result) in completed { call.completion(result) }
        completed.removeAll(keepingCapacity: true)
    }

    private mutating func tellObserver() {
        guard !outcomes.isEmpty else { return }
        observer?.ended(outcomes)
        outcomes.removeAll(keepingCapacity: true)
    }

    private static let maximumUntoldCount = 64
}
