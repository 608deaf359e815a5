/// A duration as people write it: `250ms`, `30s`, `5m`, `2h`, `7d`.
package struct WrittenDuration: Sendable, Hashable, CustomStringConvertible {
    package let milliseconds: Int64
    package let description: String

    package init(days: Int64) {
        milliseconds = days * 86_400_000
        description = "\(days)d"
    }

    /// - Returns: nil for what is none, and for what is longer than 64 bits of milliseconds.
    package init?(_ text: String) {
        let digits = text.prefix { "0"..."9" ~= $0 }
        guard let count = Int64(digits), let unit = Self.units[String(text[digits.endIndex...])] else { return nil }
        let (product, isOverflow) = count.multipliedReportingOverflow(by: unit)
        guard !isOverflow else { return nil }
        milliseconds = product
        description = text
    }

    private static let units: [String: Int64] = [
        "ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000,
    ]
}
