/// The next deadline of each of many slots: a binary heap that knows where each slot stands, so that setting,
/// moving and dropping a deadline never leaves a stale entry behind.
struct DeadlineQueue {
    private struct Entry {
        var deadline: Moment
        var slot: Int
    }

    private var heap: [Entry] = []
    /// The place in the heap of each slot; -1 for none.
    private var places: [Int] = []

    /// The earliest deadline.
    var next: Moment? { heap.first?.deadline }

    /// Sets, moves or (nil) drops the deadline of `slot`.
    mutating func set(_ slot: Int, _ deadline: Moment?) {
        while places.count <= slot { places.append(-1) }
        let place = places[slot]
        guard let deadline else { return remove(place) }
        if place >= 0 {
            heap[place].deadline = deadline
            settle(place)
        } else {
            heap.append(Entry(deadline: deadline, slot: slot))
            places[slot] = heap.count - 1
            settle(heap.count - 1)
        }
    }

    /// Takes a slot out whose deadline is not after `now`.
    mutating func popExpired(_ now: Moment) -> Int? {
        guard let first = heap.first, first.deadline <= now else { return nil }
        remove(0)
        return first.slot
    }

    private mutating func remove(_ place: Int) {
        guard place >= 0 else { return }
        places[heap[place].slot] = -1
        let last = heap.removeLast()
        guard place < heap.count else { return }
        heap[place] = last
        places[last.slot] = place
        settle(place)
    }

    private mutating func settle(_ place: Int) {
        var place = place
        while place > 0, heap[place].deadline < heap[(place - 1) / 2].deadline {
            swap(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
        while let child = earlierChild(place), heap[child].deadline < heap[place].deadline {
            swap(place, child)
            place = child
        }
    }

    private func earlierChild(_ place: Int) -> Int? {
        let left = 2 * place + 1
        guard left < heap.count else { return nil }
        let right = left + 1
        return right < heap.count && heap[right].deadline < heap[left].deadline ? right : left
    }

    private mutating func swap(_ one: Int, _ other: Int) {
        heap.swapAt(one, other)
        places[heap[one].slot] = one
        places[heap[other].slot] = other
    }
}
