import CLinux
import Glibc

/// The kernel's list of descriptors that something has happened to (epoll(7)), for one thread.
final class Poller {
    private let descriptor: Int32
    private let events = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: Poller.eventCapacity)

    init() throws(FletchError) {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0 else { throw FletchError(.descriptorsExhausted, .notSent, errorNumber: errno) }
    }

    deinit {
        events.deallocate()
        if descriptor >= 0 { _ = close(descriptor) }
    }

    /// Has the kernel say once, with `token`, whenever `watched` becomes readable or writable, or ends.
    /// - Returns: Whether it will.
    func watch(_ watched: Int32, token: UInt64) -> Bool {
        fletch_epoll_add(descriptor, watched, fletch_epoll_edges, token) == 0
    }

    /// Has the kernel say once, with `token`, whenever `watched` becomes readable.
    func watchForBytes(_ watched: Int32, token: UInt64) {
        _ = fletch_epoll_add(descriptor, watched, EPOLLIN.rawValue | EPOLLET.rawValue, token)
    }

    /// What has happened; nothing after so many milliseconds. -1 waits for as long as it takes.
    /// - Returns: Valid until the next call.
    func wait(milliseconds: Int32) -> Slice<UnsafeMutableBufferPointer<epoll_event>> {
        let count = epoll_wait(descriptor, events.baseAddress, Int32(events.count), milliseconds)
        return events[..<max(0, Int(count))]
    }

    private static let eventCapacity = 256
}

extension epoll_event {
    /// What its descriptor is watched with.
    var token: UInt64 { withUnsafePointer(to: self, fletch_epoll_token) }
}
