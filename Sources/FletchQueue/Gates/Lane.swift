/// Where jobs wait in order: those of a queue, or those of one of its groups. Confined to its ``Gatekeeper``.
package final class Lane {
    /// The store's number.
    package let id: Int64
    /// The number of its queue.
    package let queue: Int64
    /// Who has its jobs, and where they are delivered to.
    package internal(set) var name: QueueName
    package let isGroup: Bool
    /// All that its jobs pass, its queue's first.
    let gates: [Gate]
    /// nil where nothing waits, or where it is not known.
    var head: LaneHead?
    /// Whether ``head`` has to be looked up.
    var isStale = true
    var runningCount = 0
    /// Counts its turns: of those that are in heaps only the last counts.
    var turn: UInt64 = 0
    /// The gate that it waits before.
    var barrier: Gate?
    /// How many bytes the body of its head has, as long as it waits for room for that.
    var awaitedBytes = 0
    /// Whether something waits in it although nothing was found: jobs that are passed over. It is marked when they are not any
    /// more.
    package var hasUnseen = false
    /// Whether its head is an exclusive job that its queue waits for.
    var isAwaited = false
    /// Whether it has been forgotten.
    var isForgotten = false
    /// The transaction that has forgotten it.
    var end: UInt64 = 0
    /// The transaction that has made it.
    let birth: UInt64
    /// The transaction that has changed it last.
    var epoch: UInt64 = 0

    init(id: Int64, queue: Int64, name: QueueName, gates: [Gate], birth: UInt64) {
        self.id = id
        self.queue = queue
        self.name = name
        self.gates = gates
        self.birth = birth
        isGroup = id != queue
    }

    /// The gate of its queue.
    var queueGate: Gate { gates[0] }

    /// Whether any of its jobs is leased, one that is deleted included.
    package var hasRunning: Bool { runningCount > 0 }

    /// Whether nothing of it waits or runs.
    var isEmpty: Bool { !isStale && head == nil && runningCount == 0 && !hasUnseen }
}
