/// What the connections of a loop read and write at every turn: a class of its own, so that none of it costs a call.
///
/// Confined to the loop's thread, so that release builds skip the checks of exclusive access.
final class LoopTurn {
    let limits: Limits
    /// Where every connection reads into.
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
    /// Where several small requests are put together.
    let outBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
    /// The moment that whatever happens now is noted with: read once for each thing the kernel says.
    #if !DEBUG
        @exclusivity(unchecked)
    #endif
    private(set) var now = Moment.now
    /// What has come of the requests since the loop has last told others.
    #if !DEBUG
        @exclusivity(unchecked)
    #endif
    var statistics = Statistics()

    init(_ limits: Limits) { self.limits = limits }

    deinit {
        buffer.deallocate()
        outBuffer.deallocate()
    }

    /// Reads the clock.
    func tick() { now = .now }
}

// MARK: - Counters

extension LoopTurn {
    /// What has been counted since the last time.
    func takeStatistics() -> Statistics {
        defer { statistics = Statistics() }
        return statistics
    }

    func note(_ isNew: (written: Bool, acknowledged: Bool, answered: Bool)) {
        if isNew.written { statistics.writtenCount += 1 }
        if isNew.acknowledged { statistics.acknowledgedCount += 1 }
        if isNew.answered { statistics.answeredCount += 1 }
    }

    func noteReached() { statistics.reachedCount += 1 }

    func noteFailed(_ code: FletchError.Code) { statistics.failed[code, default: 0] += 1 }
}
