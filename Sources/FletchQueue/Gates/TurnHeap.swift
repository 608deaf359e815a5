import HeapModule

/// Whose turn it is: lanes that nothing holds up, as far as is known, and gates that lanes wait before and that may be open.
/// The one first whose first job is due first.
struct TurnHeap {
    enum Turn {
        case lane(LaneTurn)
        case gate(Gate)
    }

    private struct Entry: Comparable {
        let order: JobOrder
        let turn: Turn
        /// That of the gate; of its entries only the last counts.
        var gateTurn: UInt64 = 0

        static func < (one: Entry, other: Entry) -> Bool { one.order < other.order }
        static func == (one: Entry, other: Entry) -> Bool { one.order == other.order }

        var isValid: Bool {
            switch turn {
            case .lane(let lane): lane.isValid
            case .gate(let gate): gate.listed != nil && gate.turn == gateTurn
            }
        }
    }

    private var entries = Heap<Entry>()

    /// Entries of lanes and gates that have another place by now are left in, up to a bound.
    private static let slack = 64

    /// - Parameter laneCount: How many lanes there are.
    mutating func insert(_ lane: Lane, _ order: JobOrder, among laneCount: Int) {
        if entries.count > 2 * laneCount + Self.slack { entries = Heap(entries.unordered.filter(\.isValid)) }
        lane.turn += 1
        lane.barrier = nil
        entries.insert(Entry(order: order, turn: .lane(LaneTurn(order: order, lane: lane, turn: lane.turn))))
    }

    /// Lists a gate, if lanes wait before it.
    mutating func insert(_ gate: Gate) {
        guard let first = gate.firstWaiting, gate.listed.map({ first.order < $0 }) ?? true else { return }
        gate.listed = first.order
        gate.turn += 1
        entries.insert(Entry(order: first.order, turn: .gate(gate), gateTurn: gate.turn))
    }

    var count: Int { entries.count }

    /// Where the first one comes; nil where there is none.
    var first: JobOrder? {
        mutating get {
            while let entry = entries.min {
                if entry.isValid { return entry.order }
                entries.removeMin()
            }
            return nil
        }
    }

    mutating func removeFirst() -> Turn? {
        guard first != nil else { return nil }
        let turn = entries.removeMin().turn
        if case .gate(let gate) = turn { gate.listed = nil }
        return turn
    }
}
