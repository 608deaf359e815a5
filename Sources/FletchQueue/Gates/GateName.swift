/// What a gate stands before.
enum GateName: Hashable, Sendable {
    case group(lane: Int64)
    case queue(Int64)
    /// All tenants' queues of an endpoint.
    case endpoint(Bytewise)
    /// The queues of one tenant, or of all with nil, whose endpoints are of an origin.
    case origin(Bytewise, of: Bytewise?)
    case tenant(Bytewise)
    case everything
    /// The bodies of all deliveries.
    case bodies
}

/// A string that is compared byte by byte: to `String` an é and an e with an accent behind it are the same.
struct Bytewise: Hashable, Sendable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (one: Bytewise, other: Bytewise) -> Bool { one.text.utf8.elementsEqual(other.text.utf8) }
}
