/// What a JSON text says. Numbers are doubles, as in JavaScript; of members with the same name the last one counts.
enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// Infinite where it is beyond what a double holds.
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([Member])

    struct Member: Hashable, Sendable {
        let name: String
        let value: JSONValue
    }

    /// A member of an object; nil where there is none, and of anything else.
    subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }
}
