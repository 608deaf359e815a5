import Fletch
import Logging

/// Keeps the lines that are logged.
struct RecordedLog: LogHandler {
    private let recorded = Lock<[String]>([])
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    var lines: [String] { recorded.withLock(\.self) }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { recorded.withLock { $0.append("\(event.level) \(event.message)") } }
}
