import DequeModule

/// Up to where requests are acknowledged, where the kernel counts the bytes of the records that they are in: pure.
struct RecordMarks {
    private var marks: Deque<(requestEnd: Int, recordEnd: UInt64)> = []
    private(set) var acknowledgedBytes = 0

    /// Everything up to `requestEnd` is in the records up to `recordEnd`.
    mutating func note(requestEnd: Int, recordEnd: UInt64) {
        if let last = marks.last, last.recordEnd == recordEnd { marks.removeLast() }
        marks.append((requestEnd, recordEnd))
    }

    /// The peer has acknowledged all but the last `unacknowledged` bytes of those that were sent.
    ///
    /// Not all of them need be bytes of records: a FIN counts as well, and so does what came before TLS.
    mutating func acknowledge(recordBytes: UInt64, unacknowledged: Int32) {
        let acknowledged = recordBytes - min(recordBytes, UInt64(max(0, unacknowledged)))
        while let first = marks.first, first.recordEnd <= acknowledged {
            acknowledgedBytes = first.requestEnd
            marks.removeFirst()
        }
    }
}
