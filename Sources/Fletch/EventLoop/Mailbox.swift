import CLinux
import Glibc

/// What other threads say to an event loop.
enum Message: Sendable {
    case submit(Submission)
    case withdraw(Call)
    /// For the connection with this token.
    case resolved(UInt64, Result<[SocketAddress], ResolutionFailure>)
    case drain(until: Moment, @Sendable (DrainReport) -> Void)
    case perform(@Sendable () -> Void)
    case stop
}

/// The one thing that threads share with an event loop: an array behind a lock, and an eventfd that is only written to
/// where the loop sleeps.
final class Mailbox: Sendable {
    private struct State {
        var messages: [Message] = []
        var isLoopAsleep = false
        var takesSubmissions = true
        var isClosed = false
    }

    /// Becomes readable when there is a message for a sleeping loop. Watched for edges, so it is never read.
    let wakeDescriptor: Int32
    private let state = Lock(State())

    init() throws(FletchError) {
        let made = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard made >= 0 else { throw EventLoop.noDescriptor(errno) }
        wakeDescriptor = made
    }

    deinit { _ = Glibc.close(wakeDescriptor) }

    /// - Returns: Whether the loop will see the message: not after it has ended, and no submission once it drains.
    @discardableResult
    func post(_ message: Message) -> Bool {
        state.withLock { state in
            if state.isClosed { return false }
            switch message {
            case .submit where !state.takesSubmissions: return false
            case .drain, .stop: state.takesSubmissions = false
            default: break
            }
            state.messages.append(message)
            // Under the lock, so that the descriptor is still open.
            if state.isLoopAsleep { eventfd_write(wakeDescriptor, 1) }
            state.isLoopAsleep = false
            return true
        }
    }

    /// Takes all messages in exchange for an empty array; where there are none, whoever posts next wakes the loop.
    func take(_ messages: inout [Message]) {
        state.withLock { state in
            swap(&messages, &state.messages)
            state.isLoopAsleep = messages.isEmpty
        }
    }

    /// The loop has slept enough.
    func noteAwake() { state.withLock { $0.isLoopAsleep = false } }

    /// Refuses everything from now on.
    /// - Returns: What was posted and not yet taken.
    func close() -> [Message] {
        state.withLock { state in
            state.isClosed = true
            defer { state.messages = [] }
            return state.messages
        }
    }
}
