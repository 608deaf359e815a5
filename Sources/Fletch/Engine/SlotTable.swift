/// Objects by a small number that is used again, with a generation that tells an old user of the number from a new.
struct SlotTable<Element: AnyObject> {
    private struct Slot {
        var element: Element?
        var generation: UInt32 = 0
    }

    private var slots: [Slot] = []
    private var free: [Int] = []

    /// How many are in the table.
    var count: Int { slots.count - free.count }

    /// All in the table.
    var elements: [Element] { slots.compactMap(\.element) }

    func contains(where isMet: (Element) -> Bool) -> Bool { slots.contains { $0.element.map(isMet) ?? false } }

    mutating func insert(_ element: Element) -> Int {
        if let slot = free.popLast() {
            slots[slot].element = element
            return slot
        }
        slots.append(Slot(element: element))
        return slots.count - 1
    }

    mutating func remove(_ slot: Int) {
        slots[slot].element = nil
        slots[slot].generation &+= 1
        free.append(slot)
    }

    subscript(slot: Int) -> Element? { slots[slot].element }

    /// What an event of the kernel carries for the present user of `slot`.
    func token(_ slot: Int) -> UInt64 { UInt64(slots[slot].generation) << 32 | UInt64(slot) }

    /// The user of a token; nil where the slot has changed hands since.
    func element(token: UInt64) -> Element? {
        let slot = Int(token & 0xFFFF_FFFF)
        guard slot < slots.count, slots[slot].generation == UInt32(token >> 32) else { return nil }
        return slots[slot].element
    }
}
