import CLinux
import Glibc

/// Two processes: one sends, and holds the connections in the background; the other, which was started, relays what it
/// is told and ends with the status that it is given.
///
/// The sending one is made before any thread exists, as a fork takes none along.
enum Detachment {
    static func run(_ job: SendJob) -> Int32 {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return Foreground.run(job) }
        switch fletch_fork() {
        case 0:
            Background.run(job, detach(keeping: ends[1]))
            Process.exit(ExitStatus.success)
        case -1:
            Process.write("fletch: no background process can be made: staying in the foreground\n", to: .standardError)
            return Foreground.run(job)
        default:
            close(ends[1])
            return relay(from: ends[0])
        }
    }

    /// Lets go of everything that the caller of the command could wait for: its terminal, its folder, its standard
    /// streams, locks and job servers that were inherited.
    /// - Returns: The pipe's end, at its new place.
    private static func detach(keeping pipe: Int32) -> Int32 {
        setsid()
        chdir("/")
        let kept = dup2(pipe, firstFree)
        close(STDIN_FILENO)
        // It gets the lowest number, so it needs no further one. A bare root has no such device.
        if open("/dev/null", O_RDWR) < 0 { _ = open("/", O_RDONLY) }
        for descriptor in [STDOUT_FILENO, STDERR_FILENO] { dup2(STDIN_FILENO, descriptor) }
        var first = UInt32(firstFree) + 1
        for descriptor in Inherited.all.map(UInt32.init) {
            if descriptor > first { _ = fletch_close_range(first, descriptor - 1) }
            first = descriptor + 1
        }
        _ = fletch_close_range(first, .max)
        return kept
    }

    private static func relay(from pipe: Int32) -> Int32 {
        var frames = FrameReader()
        var isOutputFine = true
        while true {
            while let frame = frames.next() {
                switch frame {
                case .text(let text, let stream):
                    let isWritten = Process.write(text, to: stream)
                    if stream == .standardOutput, !isWritten, isOutputFine {
                        isOutputFine = false
                        Process.complainOfOutput()
                    }
                case .exit(let status): return status == 0 && !isOutputFine ? ExitStatus.writeFailed : status
                }
            }
            let bytes = Process.read(from: pipe)
            guard !bytes.isEmpty else { return lost() }
            frames.append(bytes)
        }
    }

    private static func lost() -> Int32 {
        Process.write(
            "fletch: (\(ExitStatus.lost)) the background process was killed before it said how far the request got "
                + "(unknown): look into the origin's log before sending again\n", to: .standardError)
        return ExitStatus.lost
    }

    private static let firstFree = STDERR_FILENO + 1
}

/// The process that sends.
enum Background {
    static func run(_ job: SendJob, _ pipe: Int32) {
        guard let inbox = Inbox(listener: pipe) else {
            Process.write(Frame.text(Foreground.noDescriptor, .standardError).encoded, to: pipe)
            return end(ExitStatus.of(.descriptorsExhausted), pipe)
        }
        Sending.run(job, .pipe(pipe), inbox) { end($0, pipe) }
    }

    private static func end(_ status: Int32, _ pipe: Int32) {
        Process.write(Frame.exit(status).encoded, to: pipe)
        close(pipe)
    }
}

/// Everything in the process that was started.
enum Foreground {
    static func run(_ job: SendJob) -> Int32 {
        if getpid() == 1 { endOnSignals() }
        guard let inbox = Inbox(listener: -1) else {
            Process.write(noDescriptor, to: .standardError)
            return ExitStatus.of(.descriptorsExhausted)
        }
        var status = ExitStatus.success
        Sending.run(job, .streams, inbox) { status = $0 }
        return status
    }

    static let noDescriptor = "fletch: no file descriptor is left: raise the limit (ulimit -n)\n"

    /// The first process of a container has no default action for signals.
    private static func endOnSignals() {
        for number in [SIGINT, SIGTERM, SIGHUP] { signal(number) { _exit(128 + $0) } }
    }
}
