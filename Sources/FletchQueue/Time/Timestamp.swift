/// A moment that outlives the process: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
package struct Timestamp: Comparable, Hashable, Sendable {
    /// Since 1970, negative before it. Any value is allowed.
    package let milliseconds: Int64

    /// The moment that many milliseconds after 1970 began in UTC.
    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    /// The whole second that it lies in, since 1970.
    var second: Int64 { milliseconds.floorDivided(by: 1000) }
}

/// A number of milliseconds.
extension Timestamp: Codable {
    package init(from decoder: any Decoder) throws {
        self.init(milliseconds: try decoder.singleValueContainer().decode(Int64.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }
}

extension Int64 {
    /// Rounded down, also below zero. The divisor is a positive constant.
    package func floorDivided(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
