import Foundation
import Logging

/// A line of the log. Every value is escaped and cut here, whichever part logs it.
struct LogLine {
    /// The longest that a line gets; values that do not fit are counted.
    static let maximumBytes = 16_384

    private let format: LogLineFormat
    private let level: String
    private let label: String
    private let message: String
    private let values: [(key: String, value: String)]

    init(_ format: LogLineFormat, _ level: Logger.Level, label: String, message: String, _ metadata: Logger.Metadata) {
        self.format = format
        self.level = "\(level)"
        self.label = label
        self.message = message
        values = metadata.map { (key: $0.key, value: "\($0.value)") }.sorted { $0.key < $1.key }
    }

    func text(at time: Date) -> String {
        let time = time.formatted(.iso8601.dateTimeSeparator(.standard).time(includingFractionalSeconds: true))
        switch format {
        case .text: return plain(time)
        case .json: return json(time)
        }
    }

    private func plain(_ time: String) -> String {
        let start = "\(time) \(level) \(VisibleText.escaped(label)): \(VisibleText.escaped(message))"
        return bounded(start, room: Self.maximumBytes) { " \(VisibleText.escaped($0, limit: 64))=\(Self.plain($1))" }
    }

    /// Between quotes where one could not tell otherwise where it ends.
    private static func plain(_ value: String) -> String {
        let isPlain = !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3D }
        return isPlain ? VisibleText.escaped(value) : quoted(value)
    }

    private func json(_ time: String) -> String {
        let fixed = [("time", time), ("level", level), ("logger", label), ("message", message)]
        let start = "{" + fixed.map { "\"\($0)\":\(Self.quoted($1))" }.joined(separator: ",")
        return bounded(start, room: Self.maximumBytes - 1) { key, value in
            fixed.contains { $0.0 == key } ? "" : ",\(Self.quoted(key, limit: 64)):\(Self.quoted(value))"
        } + "}"
    }

    private static func quoted(_ text: String, limit: Int = 1_024) -> String {
        "\"\(VisibleText.escaped(text, limit: limit, isQuoted: true))\""
    }

    private func bounded(_ start: String, room: Int, _ show: (String, String) -> String) -> String {
        var (line, omittedCount) = (start, 0)
        // Some of the room is for what tells that values are missing.
        for (key, value) in values {
            let shown = show(key, value)
            if line.utf8.count + shown.utf8.count <= room - 64 { line += shown } else { omittedCount += 1 }
        }
        return omittedCount == 0 ? line : line + show("omitted", "\(omittedCount)")
    }
}
