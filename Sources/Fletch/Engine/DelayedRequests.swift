import HeapModule

/// Requests that were fired, or belong to a series, and wait for their next attempt: pure.
struct DelayedRequests {
    private struct Entry: Comparable {
        let due: Moment
        let submission: Submission

        static func < (left: Entry, right: Entry) -> Bool { left.due < right.due }
        static func == (left: Entry, right: Entry) -> Bool { left.due == right.due }
    }

    private var heap = Heap<Entry>()

    var isEmpty: Bool { heap.isEmpty }
    var count: Int { heap.count }
    /// When the first of them is due.
    var next: Moment? { heap.min?.due }

    mutating func add(_ submission: Submission, due: Moment) { heap.insert(Entry(due: due, submission: submission)) }

    /// One whose pause is over.
    mutating func popDue(by now: Moment) -> Submission? {
        guard let first = heap.min, first.due <= now else { return nil }
        return heap.removeMin().submission
    }

    /// The one of the fired that was fired first.
    var oldestFired: Submission? {
        heap.unordered.lazy.map(\.submission).filter(\.isFired).min { $0.start < $1.start }
    }

    mutating func remove(_ submission: Submission) {
        heap = Heap(
            heap.unordered.filter {
                $0.submission.start != submission.start || $0.submission.request !== submission.request
            })
    }

    mutating func removeAll() -> [Submission] {
        defer { heap = Heap() }
        return heap.unordered.map(\.submission)
    }
}
