extension CronExpression {
    /// Returns the `count`th moment from the end of those from `first` through `end`; `first` if there are fewer.
    ///
    /// Looks for it in at most some 100 places, however many moments there are: they are counted, not computed.
    /// - Parameters:
    ///   - count: At least 1.
    ///   - first: Counts as one of them, whether or not the expression fires then.
    func last(_ count: Int, from first: Timestamp, through end: Timestamp) -> Timestamp {
        guard self.count(from: first, through: end, atMost: count + 1) > count else { return first }
        var search = Search(count: count, first: first, end: min(end, Self.endOfTimes))
        while true {
            let middle = search.middle
            guard let next = next(after: Timestamp(milliseconds: middle - 1)), next <= search.end else {
                search.drop(0, from: middle)
                continue
            }
            let found = self.count(from: next, through: search.end, atMost: search.count + 1)
            if found == search.count { return next }
            if found < search.count {
                search.drop(found, from: next.milliseconds)
            } else {
                search.first = next
            }
        }
    }

    /// How many there are, `first` among them if it is not later than `end`; at most `maximum`.
    private func count(from first: Timestamp, through end: Timestamp, atMost maximum: Int) -> Int {
        first <= end ? 1 + count(after: first, through: end, atMost: maximum - 1) : 0
    }

    /// A search for the `count`th moment from the end. There are always more than `count` from `first`, itself a moment,
    /// through `end`.
    ///
    /// Ends: with every turn `first` grows or `end` shrinks.
    private struct Search {
        var count: Int
        var first: Timestamp
        var end: Timestamp
        /// How far back from `end` the search looks. It begins with what the moments need that come once a second, and is
        /// doubled whenever that is too little.
        private var reach: Int64

        init(count: Int, first: Timestamp, end: Timestamp) {
            (self.count, self.first, self.end) = (count, first, end)
            reach = Int64(count).multipliedClamped(by: 1_000)
        }

        /// Where the search looks next: later than `first`, and not later than `end`.
        var middle: Int64 {
            let half = end.milliseconds.subtractingClamped(first.milliseconds) / 2
            return end.milliseconds - min(reach, half)
        }

        /// Continues before `moment`.
        /// - Parameter found: How many there are from `moment` through `end`: fewer than `count`.
        mutating func drop(_ found: Int, from moment: Int64) {
            count -= found
            end = Timestamp(milliseconds: moment - 1)
            reach = reach.multipliedClamped(by: 2)
        }
    }

    /// The year 10,000: nothing fires from then on.
    private static let endOfTimes = Timestamp(milliseconds: 253_402_300_800_000)
}
