@preconcurrency import Dispatch
import Fletch
import Glibc

/// SIGTERM and SIGINT: the first is passed on, the second ends the process at once. Nothing is lost by that. What
/// SIGHUP means is for others to say.
final class Signals: Sendable {
    private static let numbers = [SIGTERM, SIGINT]

    private let sources: [any DispatchSourceSignal]
    private let isFirst = Lock(true)

    /// - Parameters:
    ///   - stop: Called once, on a thread of its own.
    ///   - hangUp: Called there for each SIGHUP.
    init(stop: @escaping @Sendable () -> Void, hangUp: @escaping @Sendable () -> Void) {
        let queue = DispatchQueue(label: "signals")
        sources = (Self.numbers + [SIGHUP]).map { number in
            signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number, queue: queue)
        }
        for (number, source) in zip(Self.numbers, sources) {
            source.setEventHandler { [self] in
                guard takeFirst() else { _exit(128 + number) }
                stop()
            }
            source.resume()
        }
        sources.last?.setEventHandler(handler: hangUp)
        sources.last?.resume()
    }

    private func takeFirst() -> Bool {
        isFirst.withLock { isFirst in
            defer { isFirst = false }
            return isFirst
        }
    }
}
