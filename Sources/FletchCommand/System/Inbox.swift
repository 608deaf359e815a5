import CLinux
import Fletch
import Glibc

/// What the main thread waits for: the client's word, and whether the process that was started still listens.
final class Inbox: Sendable {
    private let wakeDescriptor: Int32
    /// The writing end of a pipe whose reader waits; -1 where nobody could leave.
    private let listener: Int32
    private let result = Lock<Result<Receipt, FletchError>?>(nil)
    private let isDrained = Lock(false)

    /// nil where the system has no descriptor left.
    init?(listener: Int32) {
        wakeDescriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        self.listener = listener
        if wakeDescriptor < 0 { return nil }
    }

    /// From any thread.
    func put(_ result: Result<Receipt, FletchError>) {
        self.result.withLock { $0 = result }
        eventfd_write(wakeDescriptor, 1)
    }

    /// From any thread: nothing is left to be disposed of.
    func noteDrained() {
        isDrained.withLock { $0 = true }
        eventfd_write(wakeDescriptor, 1)
    }

    /// Whether the process that waited for the receipt has gone (Ctrl-C).
    var isAbandoned: Bool {
        var state = pollfd(fd: listener, events: 0, revents: 0)
        return poll(&state, 1, 0) > 0
    }

    /// Waits for the result of the request under way.
    /// - Parameter abandon: Called once if the listener goes before it has come.
    func take(_ abandon: () -> Void) -> Result<Receipt, FletchError> {
        var isListening = listener >= 0
        while true {
            let taken = result.withLock { result in
                defer { result = nil }
                return result
            }
            if let taken { return taken }
            wait(isListening: isListening, milliseconds: -1)
            if isListening, isAbandoned {
                isListening = false
                abandon()
            }
        }
    }

    /// Waits until ``noteDrained()``.
    func waitUntilDrained() {
        while !isDrained.withLock({ $0 }) { wait(isListening: false, milliseconds: -1) }
    }

    /// Waits; ends early when the listener goes.
    func sleep(_ duration: Duration) {
        var state = pollfd(fd: listener, events: 0, revents: 0)
        _ = poll(&state, 1, Int32(clamping: duration.wholeMicroseconds / 1_000))
    }

    private func wait(isListening: Bool, milliseconds: Int32) {
        var states = [
            pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: isListening ? listener : -1, events: 0, revents: 0),
        ]
        _ = poll(&states, 2, milliseconds)
        var count: UInt64 = 0
        eventfd_read(wakeDescriptor, &count)
    }
}
