/// Operations that wait for the writer. Pure; ``Writer`` is its runner.
///
/// A durable commit returns once the whole log is on disk, and nothing else can be written meanwhile. So if much of the log is not
/// synced yet, another thread syncs it first. Durable operations wait for that and are then committed in one transaction; the
/// others are written meanwhile.
struct WriteQueue<Operation> {
    enum Next: Equatable {
        case nothing
        /// The writer is to be called.
        case turn
        /// The log is to be brought to disk, and ``synced()`` to be called then.
        case sync
    }

    private var quick: [Operation] = []
    private var durable: [Operation] = []
    /// Whether the writer has been called and has not taken anything yet.
    private var isCalled = false
    private var isSyncing = false

    /// - Parameter isLogBehind: Whether much of the log is not on disk yet.
    mutating func add(_ operation: Operation, isDurable: Bool, isLogBehind: Bool) -> Next {
        if !isDurable {
            quick.append(operation)
        } else {
            durable.append(operation)
            if isSyncing { return .nothing }
            // Those that wait already have had their sync, or needed none: no further one puts them off.
            isSyncing = isLogBehind && durable.count == 1
            if isSyncing { return .sync }
        }
        return call() ? .turn : .nothing
    }

    /// What the writer is to write now.
    mutating func take() -> (quick: [Operation], durable: [Operation]) {
        isCalled = false
        defer { (quick, durable) = ([], isSyncing ? durable : []) }
        return (quick, isSyncing ? [] : durable)
    }

    /// - Returns: Whether the writer is to be called.
    mutating func synced() -> Bool {
        isSyncing = false
        return call()
    }

    private mutating func call() -> Bool {
        defer { isCalled = true }
        return !isCalled
    }
}
