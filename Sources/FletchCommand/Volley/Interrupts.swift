import CLinux
import Glibc
import Synchronization

/// Ctrl-C and its like: the first asks for an orderly end, the second for one at once.
enum Interrupts {
    private static let received = Atomic(0)
    private static let latest = Atomic(SIGINT)
    private static let descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))

    /// How many have come.
    static var count: Int { received.load(ordering: .relaxed) }

    /// Which came last.
    static var number: Int32 { latest.load(ordering: .relaxed) }

    /// Those that are ignored stay so: `nohup` and shells have that of what goes on without them.
    /// - Returns: A descriptor that becomes readable with each.
    static func watch() -> Int32 {
        _ = count
        let descriptor = descriptor
        for number in [SIGINT, SIGTERM, SIGHUP] where !isIgnored(number) {
            signal(number) { number in
                Interrupts.latest.store(number, ordering: .relaxed)
                Interrupts.received.add(1, ordering: .relaxed)
                eventfd_write(Interrupts.descriptor, 1)
            }
        }
        return descriptor
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}
