public import Fletch
public import ServiceLifecycle

/// A client among the services of a server: a module of its own, as the library behind it would cost every start of a
/// command a tenth of its time.
extension FletchClient: Service {
    /// Waits for the graceful shutdown, or for its task to be cancelled, and drains the client then, at most for
    /// ``Configuration/drainLimit``.
    ///
    /// The client works from the moment it is made, whether this runs or not. Put it before the services that fire
    /// requests: they are shut down in the reverse order, so that the last events are still taken.
    public func run() async {
        try? await gracefulShutdown()
        await drain(within: drainLimit)
    }
}
