import CLinux
import Fletch
import Glibc

/// Sends a volley: reads lines, hands them to the client when they are due and there is room, and waits for the end.
/// Runs on the main thread.
final class Volley {
    private let job: VolleyJob
    private let client: FletchClient
    private let tally: Tally
    private let failures: FailureFile?
    private let wakeDescriptor: Int32
    private let interruptDescriptor: Int32
    private var progress: ProgressBar
    private var pacer: Pacer
    private var course: Course
    private let start: Moment
    private let end: Moment

    private var batch: [Submission] = []
    private var batchBytes = 0
    /// Of a request in the batch, with its line.
    private var largestBytes = 1
    private var hasLostSummary = false
    private var tag = 0
    private var underWay = 0
    private(set) var badLineCount = 0
    private(set) var report = DrainReport?.none

    init(_ job: VolleyJob) throws(FletchError) {
        self.job = job
        Process.raiseDescriptorLimit()
        failures = try job.failuresPath.map { path throws(FletchError) in try FailureFile(path: path) }
        client = try FletchClient(job.configuration)
        let wake = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        wakeDescriptor = wake
        interruptDescriptor = Interrupts.watch()
        // Half of the room: waking for every single one would cost more than sending it.
        let threshold = job.maximumUnderWay / 2
        tally = Tally(failures: failures) { underWay in if underWay <= threshold { eventfd_write(wake, 1) } }
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
        var known: Series? = Series()
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

    /// A few requests are read and encoded once, however often they are sent.
    private struct Series {
        private(set) var requests: [(line: ArraySlice<UInt8>, request: EncodedRequest)] = []
        private var bytes = 0

        /// - Returns: Whether it is small enough still.
        mutating func add(_ line: ArraySlice<UInt8>, _ request: EncodedRequest) -> Bool {
            bytes += line.count + request.memoryBytes
            requests.append((ArraySlice(Array(line)), request))
            return requests.count <= Self.maximumCount && bytes <= Self.maximumBytes
        }

        private static let maximumCount = 10_000
        private static let maximumBytes = 16 << 20
    }

    /// - Returns: Whether to go on.
    private func sendFiles(_ known: inout Series?, _ round: Int) -> Bool {
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
    private func send(_ line: LineReader.Line, _ known: inout Series?) -> Bool {
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
                wait(milliseconds: Self.shortageInterval)
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
        batch.append(client.submission(request, due: due, observer: tally, tag: tag))
        tag += 1
        let bytes = request.memoryBytes + line.count
        batchBytes += bytes
        largestBytes = max(largestBytes, bytes)
        if batch.count >= Self.batchCount || batchBytes >= Self.batchBytes { flush() }
    }

    private func flush() {
        guard !batch.isEmpty else { return }
        underWay = tally.noteSubmitted(batch.count)
        client.submit(batch)
        batch.removeAll(keepingCapacity: true)
        let limit = min(job.maximumUnderWay, max(1, Self.maximumBytesUnderWay / largestBytes))
        (batchBytes, largestBytes) = (0, 1)
        while underWay >= limit, Interrupts.count < 2 {
            wait(milliseconds: ProgressBar.interval)
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

    private static let batchCount = 64
    private static let batchBytes = 1 << 20
    /// However many requests that is: bodies are in memory until the kernel has them.
    private static let maximumBytesUnderWay = 32 << 20
}

// MARK: - Waiting

extension Volley {
    /// Before a read that may take as long as it likes: nothing waits for the line after it, and an interrupt ends it.
    private func mayRead(_ descriptor: Int32) -> Bool {
        if Self.isReadable(descriptor) { return true }
        flush()
        while !isStopped {
            if wait(milliseconds: ProgressBar.interval, for: descriptor) { return true }
            progress.redraw(tally, client, course)
        }
        return false
    }

    private static func isReadable(_ descriptor: Int32) -> Bool {
        var state = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&state, 1, 0) != 0
    }

    private func waitUntil(_ due: Moment) {
        while !isStopped {
            let left = due.nanoseconds - Moment.now.nanoseconds
            guard left > 0 else { return }
            progress.redraw(tally, client, course)
            var span = timespec(tv_sec: 0, tv_nsec: Int(min(left, Int64(ProgressBar.interval) * 1_000_000)))
            nanosleep(&span, nil)
        }
    }

    /// - Parameter input: A further descriptor to wait for; -1 for none.
    /// - Returns: Whether there is something to read from it, be it its end.
    @discardableResult
    private func wait(milliseconds: Int32, for input: Int32 = -1) -> Bool {
        var states = [wakeDescriptor, interruptDescriptor, input].map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        _ = poll(&states, 3, milliseconds)
        var count: UInt64 = 0
        eventfd_read(wakeDescriptor, &count)
        eventfd_read(interruptDescriptor, &count)
        return states[2].revents != 0
    }

    /// Waits until every connection is disposed of; a second interrupt ends that at once.
    private func finish() {
        let wake = wakeDescriptor
        let result = Lock<DrainReport?>(nil)
        client.drain(within: .seconds(Int64.max)) { report in
            result.withLock { $0 = report }
            eventfd_write(wake, 1)
        }
        var isHurried = false
        var hasSaidHolding = !job.saysLines || job.showsProgress
        while result.withLock({ $0 == nil }) {
            if Interrupts.count > 1, !isHurried {
                isHurried = true
                client.drain(within: .zero) { _ in }
            }
            wait(milliseconds: ProgressBar.interval)
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
}

// MARK: - The end

extension Volley {
    /// Its rate is that of the requests; the connections may have been held for longer.
    private func tellSummary() {
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

    private var status: Int32 {
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
