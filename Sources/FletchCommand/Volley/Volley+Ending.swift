import Fletch

// How a volley ends, and what is said then.
extension Volley {
    /// Waits until every connection is disposed of; a second interrupt ends that at once.
    func finish() {
        let result = Lock<DrainReport?>(nil)
        client.drain(within: .seconds(Int64.max)) { [wakeups] report in
            result.withLock { $0 = report }
            wakeups.ring()
        }
        var isHurried = false
        var hasSaidHolding = !job.saysLines || job.showsProgress
        while result.withLock({ $0 == nil }) {
            if Interrupts.count > 1, !isHurried {
                isHurried = true
                client.drain(within: .zero) { _ in }
            }
            wakeups.wait(milliseconds: ProgressBar.interval)
            progress.redraw(tally, client, nil)
            if !hasSaidHolding { hasSaidHolding = sayHolding() }
        }
        report = result.withLock(\.self)
        progress.clear()
    }

    /// Where no progress bar says it.
    /// - Returns: Whether there was anything to say.
    private func sayHolding() -> Bool {
        let count = client.statistics.parkedConnectionCount
        guard tally.progress.underWay == 0, count > 0 else { return false }
        let limit = Numbers.grouped(Int(job.configuration.parkLimit / .seconds(1)))
        Process.write(
            "fletch: everything is sent; holding \(Numbers.grouped(count)) \(count == 1 ? "connection" : "connections") until they are answered, at most "
                + "\(limit) s (Ctrl-C twice lets go of them)\n", to: .standardError)
        return true
    }

    /// Its rate is that of the requests; the connections may have been held for longer.
    func tellSummary() {
        let counts = tally.counts
        let summary = Summary(
            counts: counts, statistics: client.statistics, elapsed: max(counts.lastEnd - start, .zero),
            milestone: job.milestone,
            badLineCount: badLineCount, heldCount: report?.parkedConnectionCount ?? 0)
        let text: String
        switch job.summary {
        case .none: return
        case .text: text = summary.text
        case .json: text = summary.json
        }
        guard !Process.write(text, to: .standardOutput) else { return }
        Process.complainOfOutput()
        hasLostSummary = true
    }

    var status: Int32 {
        if Interrupts.count > 0 { return 128 + Interrupts.number }
        if let failures, !failures.isWhole {
            Process.write("fletch: the failures could not be written: is the disk full?\n", to: .standardError)
            return ExitStatus.writeFailed
        }
        if let code = tally.counts.firstFailure { return ExitStatus.of(code) }
        if hasLostSummary { return ExitStatus.writeFailed }
        return badLineCount > 0 ? ExitStatus.usage : ExitStatus.success
    }
}
