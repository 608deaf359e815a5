import CLinux
import Glibc
import Synchronization

/// Ctrl-C and its like: the first asks for an orderly end, the second for one at once.
enum Interrupts {
    private static let received = Atomic(0)
    private static let descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))

    /// How many have come.
    static var count: Int { received.load(ordering: .relaxed) }

    /// - Returns: A descriptor that becomes readable with each.
    static func watch() -> Int32 {
        _ = count
        let descriptor = descriptor
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { _ in
                Interrupts.received.add(1, ordering: .relaxed)
                eventfd_write(Interrupts.descriptor, 1)
            }
        }
        return descriptor
    }
}
