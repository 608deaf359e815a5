import Fletch

/// Sends a volley: reads lines, hands them to the client when they are due and there is room, and waits for the end.
/// Runs on the main thread.
final class Volley {
    let job: VolleyJob
    let client: FletchClient
    let tally: Tally
    let failures: FailureFile?
    let wakeups: Wakeups
    var progress: ProgressBar
    private var pacer: Pacer
    private var course: Course
    let start: Moment
    private let end: Moment

    private var batch = Batch()
    var hasLostSummary = false
    private var tag = 0
    private var underWay = 0
    private(set) var badLineCount = 0
    var report = DrainReport?.none

    init(_ job: VolleyJob) throws(FletchError) {
        self.job = job
        Process.raiseDescriptorLimit()
        failures = try job.failuresPath.map { path throws(FletchError) in try FailureFile(path: path) }
        client = try FletchClient(job.configuration)
        let wakeups = Wakeups()
        self.wakeups = wakeups
        // Half of the room: waking for every single one would cost more than sending it.
        let threshold = job.maximumUnderWay / 2
        tally = Tally(failures: failures) { underWay in if underWay <= threshold { wakeups.ring() } }
        let start = Moment.now
        self.start = start
        end = job.duration.map { start + $0.wholeNanoseconds } ?? .never
        pacer = Pacer(start: start, rate: job.rate)
        course = Course(start: start, end: end, repetitions: job.repetitions)
        progress = ProgressBar(isShown: job.showsProgress, milestone: job.milestone, start: start)
    }

    /// - Returns: The exit status.
    func run() -> Int32 {
        sendAll()
        flush()
        finish()
        failures?.flush()
        tellSummary()
        return status
    }
}

// MARK: - Sending

extension Volley {
    private var isStopped: Bool { Interrupts.count > 0 || (end != .never && Moment.now >= end) }

    private func sendAll() {
        var round = 0
        var known: KnownRequests? = KnownRequests()
        while job.repetitions.map({ round < $0 }) ?? true, !isStopped {
            if round > 0, let known {
                for (index, (line, request)) in known.requests.enumerated() {
                    if isStopped { return }
                    course.note(round: round, fraction: Double(index) / Double(known.requests.count))
                    submit(request, line)
                }
                guard !known.requests.isEmpty else { return }
            } else {
                let count = tag
                guard sendFiles(&known, round) else { return }
                if tag == count { return }
            }
            round += 1
        }
    }

    /// - Returns: Whether to go on.
    private func sendFiles(_ known: inout KnownRequests?, _ round: Int) -> Bool {
        var reader = LineReader(job.files) { [unowned self] in mayRead($0) }
        while !isStopped {
            do throws(FletchError) {
                guard let line = try reader.next() else { break }
                course.note(round: round, fraction: reader.fraction)
                guard send(line, &known) else { return false }
            } catch {
                badLineCount += 1
                tell(error.message)
                if job.isStrict { return false }
            }
        }
        return true
    }

    /// - Returns: Whether to go on with the next.
    private func send(_ line: LineReader.Line, _ known: inout KnownRequests?) -> Bool {
        do {
            let request = try RequestLine.request(line.text, like: job.prototype, with: job.urls)
            let encoded = try prepared(request)
            if job.repetitions == 1 || request.body.isFile || known?.add(line.text, encoded) == false { known = nil }
            submit(encoded, line.text)
            return true
        } catch {
            return tellBadLine(line, error)
        }
    }

    /// If no descriptor is left for a body's file, waits until requests that are under way have given theirs back.
    private func prepared(_ request: FletchRequest) throws(FletchError) -> EncodedRequest {
        while true {
            do throws(FletchError) {
                return try client.prepare(request, until: job.milestone)
            } catch {
                guard error.code == .descriptorsExhausted else { throw error }
                flush()
                client.endOldestIdle()
                guard underWay > 0 || client.statistics.connectionCount > 0, !isStopped else { throw error }
                wakeups.wait(milliseconds: Self.shortageInterval)
                progress.redraw(tally, client, course)
                underWay = tally.noteSubmitted(0)
            }
        }
    }

    /// How soon it looks again for descriptors.
    private static let shortageInterval: Int32 = 10

    private func submit(_ request: EncodedRequest, _ line: ArraySlice<UInt8>) {
        let now = Moment.now
        let due = pacer.next(at: now)
        if due > now {
            flush()
            waitUntil(due)
            if isStopped { return }
        }
        failures?.remember(line, as: tag)
        batch.add(
            client.submission(request, due: due, observer: tally, tag: tag), bytes: request.memoryBytes + line.count)
        tag += 1
        if batch.isFull { flush() }
    }

    private func flush() {
        guard !batch.submissions.isEmpty else { return }
        underWay = tally.noteSubmitted(batch.submissions.count)
        client.submit(batch.submissions)
        let limit = min(job.maximumUnderWay, batch.maximumUnderWay)
        batch.removeAll()
        while underWay >= limit, Interrupts.count < 2 {
            wakeups.wait(milliseconds: ProgressBar.interval)
            underWay = tally.noteSubmitted(0)
        }
        progress.redraw(tally, client, course)
    }

    /// - Returns: Whether to go on with the next.
    private func tellBadLine(_ line: LineReader.Line, _ error: any Error) -> Bool {
        badLineCount += 1
        failures?.add(line.text)
        let why = (error as? RequestLine.Fault)?.message ?? (error as? FletchError)?.message ?? "\(error)"
        if job.saysLines || job.isStrict { tell("\(line.place): \(why)") }
        return !job.isStrict
    }

    private func tell(_ words: String) {
        progress.clear()
        Process.write("fletch: \(words)\n", to: .standardError)
    }
}

// MARK: - Waiting

extension Volley {
    /// Before a read that may take as long as it likes: nothing waits for the line after it, and an interrupt ends it.
    private func mayRead(_ descriptor: Int32) -> Bool {
        if Wakeups.isReadable(descriptor) { return true }
        flush()
        while !isStopped {
            if wakeups.wait(milliseconds: ProgressBar.interval, for: descriptor) { return true }
            progress.redraw(tally, client, course)
        }
        return false
    }

    private func waitUntil(_ due: Moment) {
        while !isStopped {
            let left = due.nanoseconds - Moment.now.nanoseconds
            guard left > 0 else { return }
            progress.redraw(tally, client, course)
            Wakeups.sleep(nanoseconds: min(left, Int64(ProgressBar.interval) * 1_000_000))
        }
    }
}
