/// What becomes of repetitions that have passed before they were made.
extension Schedule {
    /// Returns the repetition that follows the one that was due at `previous`; nil if there is none.
    ///
    /// A run may take longer than its period: repetitions that have passed meanwhile count as missed. The grid stays as it
    /// was.
    /// - Parameter now: When the run has ended.
    func next(after previous: Timestamp, at now: Timestamp, _ missed: MissedRuns) -> Timestamp? {
        let following = next(after: previous, from: previous)
        guard let following, following <= now else { return following }
        return switch missed {
        case .latest: last(1, from: following, through: now)
        case .all: last(MissedRuns.maximumCount, from: following, through: now)
        case .skip: next(after: now, from: following)
        }
    }

    /// Returns the repetition that is made in place of the one that has been due since `due`.
    ///
    /// - Parameters:
    ///   - now: When that one is looked at, to be made.
    ///   - start: From when on the job could run: what was due before it could not be made in time.
    /// - Returns: If not later than `now`, what is made now; else when something is made next. nil: the schedule has ended.
    package func made(
        insteadOf due: Timestamp, at now: Timestamp, _ missed: MissedRuns, since start: Timestamp
    ) -> Timestamp? {
        switch missed {
        case .latest: last(1, from: due, through: now)
        case .all: last(MissedRuns.maximumCount, from: due, through: now)
        case .skip: made(insteadOf: due, at: now, since: start)
        }
    }

    /// Leaves out what passed before `start`; what is late since then is made.
    private func made(insteadOf due: Timestamp, at now: Timestamp, since start: Timestamp) -> Timestamp? {
        guard due < start else { return last(1, from: due, through: now) }
        // `start` is later than `due`, so that there is a millisecond before it.
        let first = next(after: Timestamp(milliseconds: start.milliseconds - 1), from: due)
        guard let first, first <= now else { return first }
        return last(1, from: first, through: now)
    }
}
