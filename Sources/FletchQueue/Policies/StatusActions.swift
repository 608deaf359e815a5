/// What becomes of a job after which status. In JSON: `{"404":"end","5xx":"retry"}`.
package struct StatusActions: Hashable, Sendable {
    /// The actions as they were given, by status (`404`) or class (`4xx`).
    package private(set) var given: [String: StatusAction] = [:]
    /// By status, and by the first digit of a class.
    private var actions: [Int: StatusAction] = [:]

    /// No actions.
    package init() {}

    /// - Returns: nil if one of the keys is neither a status nor a class; see ``set(_:for:)``.
    package init?(_ given: [String: StatusAction]) {
        for (key, action) in given {
            guard set(action, for: key) else { return nil }
        }
    }

    /// Sets the action for a status from `100` to `599`, or for a class from `1xx` to `5xx`.
    /// - Parameters:
    ///   - action: nil removes the one that is there.
    ///   - key: Any string.
    /// - Returns: Whether `key` is a status or a class. If not, nothing has changed.
    package mutating func set(_ action: StatusAction?, for key: String) -> Bool {
        guard let number = Self.number(of: key) else { return false }
        given[key] = action
        actions[number] = action
        return true
    }

    /// Returns the action for a status. One that is given for the status counts before one for its class.
    /// - Parameter status: Any number.
    /// - Returns: nil if none was given.
    package func action(for status: Int) -> StatusAction? {
        guard Self.statuses.contains(status) else { return nil }
        return actions[status] ?? actions[status / 100]
    }

    /// Returns the action where no policy names one: 2xx succeeds, 404 ends the job, all others are retried.
    package static func standard(_ status: Int) -> StatusAction {
        if status == 404 { return .end }
        return (200...299).contains(status) ? .succeed : .retry
    }

    private static let statuses = 100...599

    private static func number(of key: String) -> Int? {
        let bytes = Array(key.utf8)
        guard bytes.count == 3 else { return nil }
        if let status = Int(key) { return statuses.contains(status) ? status : nil }
        let isClass = bytes[1] == UInt8(ascii: "x") && bytes[2] == UInt8(ascii: "x")
        guard isClass, (UInt8(ascii: "1")...UInt8(ascii: "5")).contains(bytes[0]) else { return nil }
        return Int(bytes[0] - UInt8(ascii: "0"))
    }
}

extension StatusActions: Codable {
    package init(from decoder: any Decoder) throws {
        let given = try decoder.singleValueContainer().decode([String: StatusAction].self)
        guard let actions = StatusActions(given) else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: decoder.codingPath, debugDescription: "keys are 100 to 599, or 1xx to 5xx"))
        }
        self = actions
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(given)
    }
}
