import CLinux
import Glibc

/// A detached thread of the system's.
enum Thread {
    /// Runs `body` on a new thread.
    static func start(_ body: @escaping @Sendable () -> Void) throws(FletchError) {
        let boxed = Unmanaged.passRetained(Body(run: body))
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, stackBytes)
        var thread = pthread_t()
        let number = pthread_create(
            &thread, &attributes,
            { raw in
                guard let raw else { return nil }
                Unmanaged<Body>.fromOpaque(raw).takeRetainedValue().begin()
                return nil
            }, boxed.toOpaque())
        guard number == 0 else {
            boxed.release()
            throw FletchError(
                .descriptorsExhausted, .notSent, "no thread can be made: raise the limit on processes (ulimit -u)",
                errorNumber: number)
        }
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(run: @escaping @Sendable () -> Void) { self.run = run }

        /// Signals are the program's own affair, and `sendfile` to a lost connection raises SIGPIPE.
        func begin() {
            var all = sigset_t()
            sigfillset(&all)
            pthread_sigmask(SIG_BLOCK, &all, nil)
            run()
        }
    }

    /// Ample for a loop; the resolver's modules want some.
    private static let stackBytes = 1 << 20
}
