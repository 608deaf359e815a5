/// Is told what happens to jobs.
package protocol JobObserver: Sendable {
    /// Whether anybody wants to know. Nothing is done for nobody, so it has to be quick.
    var isWatching: Bool { get }

    /// Called for one event after the other. Must not wait.
    func note(_ event: JobEvent)
}
