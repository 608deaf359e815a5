import ArgumentParser
import Fletch
import Glibc

/// What one volley is to do, worked out before anything is sent.
struct VolleyJob {
    enum SummaryStyle: String {
        case text, json, none
    }

    private enum Reuse: String {
        case automatic, never
    }

    let files: [String]
    let prototype: FletchRequest
    let urls: URLBuilder
    let configuration: Configuration
    let milestone: Milestone
    let rate: Double?
    /// nil for as often as the time allows.
    let repetitions: Int?
    let duration: Duration?
    let summary: SummaryStyle
    let failuresPath: String?
    let isStrict: Bool
    let saysLines: Bool
    let showsProgress: Bool

    init(_ command: VolleyCommand) throws {
        let options = command.volley
        files = command.file
        let lines = try FieldLines(command.request)
        let builder = RequestBuilder(
            options: command.request, lines: lines, bodyOptions: command.body, connection: command.connection)
        (prototype, urls) = try builder.prototype()
        configuration = try Self.configuration(command, lines)
        let until: Milestone? = try choice("--until", options.until)
        guard until != .queued else { throw ValidationError("--until queued: nothing would have been sent") }
        milestone = until ?? .acknowledged
        rate = options.rate?.perSecond
        repetitions = options.duration == nil ? options.repetitions ?? 1 : options.repetitions
        duration = options.duration?.duration
        summary = try choice("--summary", options.summary) ?? .text
        failuresPath = options.failures
        if let path = options.failures, command.file.contains(where: { Self.isSameFile(path, $0) }) {
            throw ValidationError("--failures \(path) would empty a file that is to be read: name another one")
        }
        isStrict = options.strict
        saysLines = !options.silent
        showsProgress = !options.silent && isatty(STDERR_FILENO) == 1
    }

    private static func isSameFile(_ path: String, _ input: String) -> Bool {
        guard let one = CallerFile.status(path), let other = CallerFile.status(input) else { return false }
        return one.st_mode & S_IFMT == S_IFREG && one.st_dev == other.st_dev && one.st_ino == other.st_ino
    }

    /// How many requests are with the client at a time: enough to keep every connection busy, few enough for memory.
    var maximumUnderWay: Int {
        max(1_024, 4 * configuration.maximumActiveConnectionCount * configuration.pipelineDepth)
    }

    private static func configuration(_ command: VolleyCommand, _ lines: FieldLines) throws -> Configuration {
        var configuration = try Configuration(command.request, lines, command.time, command.connection)
        let options = command.volley
        configuration.disposal = try choice("--disposal", options.disposal) ?? configuration.disposal
        configuration.reusesConnections = try choice("--reuse", options.reuse, of: Reuse.self) != .never
        configuration.parkLimit = options.park?.duration ?? configuration.parkLimit
        configuration.maximumActiveConnectionCount = options.connections ?? configuration.maximumActiveConnectionCount
        configuration.pipelineDepth = options.pipeline
        configuration.retry.maximumCount = command.time.retry
        configuration.retry.includesUnknown = command.time.retryUnknown
        let delay = command.time.fixedRetryDelay ?? .seconds(1)
        configuration.retry.baseDelay = delay
        configuration.retry.maximumDelay = max(delay, .seconds(RetryRule.maximumSeconds))
        return configuration
    }
}
