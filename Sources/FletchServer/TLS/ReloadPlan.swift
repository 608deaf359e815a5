/// When files are read again that may change at any time: pure, looked at once in every interval.
///
/// A change counts once it has stood for an interval, as several files change one after the other. What could not be used is
/// tried again now and then: the files may have been in order, and the machine not.
struct ReloadPlan<Stamp: Equatable & Sendable>: Sendable {
    /// In intervals.
    static var patience: Int { 60 }

    /// What the files were when they were read last.
    private var read: Stamp
    private var last: Stamp
    /// For how many intervals they have been of no use; nil where they are.
    private var failure: Int?

    init(_ read: Stamp) {
        self.read = read
        last = read
    }

    /// - Parameter now: What the files are.
    /// - Returns: Whether to read them.
    mutating func isDue(_ now: Stamp) -> Bool {
        defer { last = now }
        if let count = failure { failure = count + 1 }
        return now == last && (now != read || failure ?? 0 >= Self.patience)
    }

    /// - Parameter stamp: What the files were before they were read.
    mutating func read(_ stamp: Stamp, isOfUse: Bool) {
        read = stamp
        failure = isOfUse ? nil : 0
    }
}
