/// Why an expression or a time zone is no schedule.
package struct CronError: Error, Hashable, Sendable, CustomStringConvertible {
    package let code: Code
    /// For a person: the field, what it says, what helps. Quotes at most ``maximumQuoteCount`` characters of the input.
    package let message: String

    /// The message.
    package var description: String { message }

    /// The kind of failure; bounded.
    package struct Code: RawRepresentable, Hashable, Sendable {
        package let rawValue: String

        package init(rawValue: String) { self.rawValue = rawValue }

        /// The expression does not parse.
        package static let invalidExpression = Code(rawValue: "invalid-cron-expression")
        /// It parses, and no day matches: 30 February.
        package static let neverFires = Code(rawValue: "cron-never-fires")
        /// The zone is no IANA name that is known here. The expression is in order: it is looked at first.
        package static let unknownTimeZone = Code(rawValue: "unknown-time-zone")
    }

    static func invalid(_ message: String) -> CronError { CronError(code: .invalidExpression, message: message) }

    /// Input as it may stand in a message: short, and without what would move a terminal's cursor.
    static func quoted(_ input: some StringProtocol) -> String {
        let scalars = input.unicodeScalars.prefix(maximumQuoteCount + 1)
        let shown = scalars.prefix(maximumQuoteCount).map { isVisible($0) ? Character($0) : "\u{FFFD}" }
        return "`" + String(shown) + (scalars.count > maximumQuoteCount ? "…`" : "`")
    }

    static let maximumQuoteCount = 40

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: false
        default: true
        }
    }
}
