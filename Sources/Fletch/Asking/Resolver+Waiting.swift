import CLinux
import Glibc

extension Resolver {
    /// The addresses that `endpoint` leads to, waited for by the thread that calls this; nil once `deadline` has passed.
    func waitForAddresses(
        of endpoint: Endpoint, until deadline: Moment
    ) -> Result<[SocketAddress], ResolutionFailure>? {
        let answer = Awaited<Result<[SocketAddress], ResolutionFailure>>()
        if let known = addresses(of: endpoint, { answer.put($0) }) { return known }
        return answer.take(until: deadline)
    }
}

/// A value that another thread is to put; it may come after nobody waits any more.
private final class Awaited<Value: Sendable>: Sendable {
    private let value = Lock<Value?>(nil)
    private let bell = Socket(descriptor: eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)))

    deinit { bell.close() }

    func put(_ value: Value) {
        self.value.withLock { $0 = value }
        eventfd_write(bell.descriptor, 1)
    }

    func take(until deadline: Moment) -> Value? {
        guard bell.descriptor >= 0, bell.wait(for: Int32(POLLIN), until: deadline) else { return nil }
        return value.withLock { $0 }
    }
}
