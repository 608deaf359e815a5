/// What a policy holds for. Targets are compared byte by byte: to `String` an é and an e with an accent behind it are
/// the same.
package enum PolicyTarget: Hashable, Sendable {
    /// All queues.
    case everything
    /// All queues whose endpoints are of this origin, named as ``OriginName`` does.
    case origin(String)
    /// The queue of this endpoint.
    case queue(String)

    /// Reads a target as people write it: `*`, an origin, or an endpoint.
    ///
    /// An http or https URL is an origin if it ends after its host and port, or with one slash after them. Origins are
    /// normalised; an endpoint stays exactly as it is.
    /// - Returns: nil for anything else.
    package init?(_ text: String) {
        if text == Self.star {
            self = .everything
        } else if let origin = OriginName.text(of: text) {
            self = Self.isOrigin(text) ? .origin(origin) : .queue(text)
        } else {
            return nil
        }
    }

    /// The name that the target is stored under. ``init(_:)`` makes the same target of it.
    package var text: String {
        switch self {
        case .everything: Self.star
        case .origin(let origin): origin
        case .queue(let endpoint): endpoint
        }
    }

    package static func == (one: PolicyTarget, other: PolicyTarget) -> Bool {
        switch (one, other) {
        case (.everything, .everything): true
        case (.origin(let one), .origin(let other)), (.queue(let one), .queue(let other)):
            one.utf8.elementsEqual(other.utf8)
        default: false
        }
    }

    /// - Parameter url: Absolute. One with user information is an endpoint: no origin has any.
    private static func isOrigin(_ url: String) -> Bool {
        let hierarchy = url.utf8.drop { $0 != UInt8(ascii: "/") }.dropFirst(2)
        let authority = hierarchy.prefix { !endsAuthority($0) }
        let rest = hierarchy[authority.endIndex...]
        return !authority.contains(UInt8(ascii: "@")) && (rest.isEmpty || rest.elementsEqual("/".utf8))
    }

    private static func endsAuthority(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
    }

    private static let star = "*"
}
