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

    /// The peer has acknowledged so many bytes of records.
    mutating func acknowledge(recordBytes: UInt64) {
        while let first = marks.first, first.recordEnd <= recordBytes {
            acknowledgedBytes = first.requestEnd
            marks.removeFirst()
        }
    }
}
