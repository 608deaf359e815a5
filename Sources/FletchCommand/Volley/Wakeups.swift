import CLinux
import Fletch
import Glibc

/// What a volley's thread sleeps on: room for more requests, an interrupt, and input.
struct Wakeups: Sendable {
    private let ringing = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    private let interrupt = Interrupts.watch()

    /// Ends the sleep, from any thread.
    func ring() { eventfd_write(ringing, 1) }

    /// - Parameter input: A further descriptor to wait for; -1 for none.
    /// - Returns: Whether there is something to read from it, be it its end.
    @discardableResult
    func wait(milliseconds: Int32, for input: Int32 = -1) -> Bool {
        var states = [ringing, interrupt, input].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        _ = poll(&states, 3, milliseconds)
        var count: UInt64 = 0
        eventfd_read(ringing, &count)
        eventfd_read(interrupt, &count)
        return states[2].revents != 0
    }

    /// Whether a read would not wait.
    static func isReadable(_ descriptor: Int32) -> Bool {
        var state = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&state, 1, 0) != 0
    }

    /// Sleeps for less than a second; nothing ends it early.
    static func sleep(nanoseconds: Int64) {
        var span = timespec(tv_sec: 0, tv_nsec: Int(nanoseconds))
        nanosleep(&span, nil)
    }
}
