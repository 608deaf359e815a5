import FoundationEssentials

/// How records are shown.
public enum RecordFormat: String, Sendable, Hashable, CaseIterable {
    /// A line for people.
    case text
    /// A line of JSON.
    case json

    /// The record as one line.
    public func line(_ record: RequestRecord) -> String {
        switch self {
        case .text: Self.text(record)
        case .json: Self.json(record)
        }
    }

    /// Names are in snake case, moments in milliseconds; what did not happen has no name.
    static func json(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Records hold text and finite numbers only: they always encode.
        guard let data = try? encoder.encode(value) else { return "null" }
        return String(decoding: data, as: UTF8.self)
    }

    private static func text(_ record: RequestRecord) -> String {
        let size = "\(record.bodyBytes) B" + (record.isComplete ? "" : " (incomplete)")
        return "\(time(record.arrivedAt)) \(record.method) \(record.path) \(size)"
            + " · \(work(record)) · \(departure(record))"
    }

    private static func time(_ secondsSince1970: Double) -> String {
        let milliseconds = Int(secondsSince1970 * 1_000)
        let ofDay = milliseconds / 1_000 % 86_400
        let parts = [ofDay / 3_600, ofDay / 60 % 60, ofDay % 60].map { ($0 < 10 ? "0" : "") + String($0) }
        let fraction = String(milliseconds % 1_000 + 1_000).dropFirst()
        return parts.joined(separator: ":") + "." + fraction
    }

    private static func work(_ record: RequestRecord) -> String {
        switch record.work {
        case .pending: "work not begun"
        case .done: "work done at \(milliseconds(record.moments.worked))"
        case .aborted: "WORK ABORTED at \(milliseconds(record.moments.worked))"
        }
    }

    private static func departure(_ record: RequestRecord) -> String {
        switch record.departure {
        case .stillThere: "client still there"
        case .fin: "client left at \(milliseconds(record.moments.left)) (FIN)"
        case .rst: "client left at \(milliseconds(record.moments.left)) (RST)"
        }
    }

    private static func milliseconds(_ value: Double?) -> String { value.map { "\(Int($0.rounded())) ms" } ?? "?" }
}

/// Civil time, for people who compare logs.
enum WallClock {
    /// Seconds since 1970.
    static var now: Double { Date().timeIntervalSince1970 }
}
