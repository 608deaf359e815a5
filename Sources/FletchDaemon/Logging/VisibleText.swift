/// Text from outside, as it may be shown: nothing in it ends a line, steers a terminal, or turns the text around it.
///
/// Escapes controls (C0, DEL, C1), format characters (bidirectional overrides among them) and the separators of lines
/// and paragraphs, the way JSON does (`\n`, `\u001b`), and the backslash, so that it can be told what was there.
enum VisibleText {
    /// - Parameters:
    ///   - limit: So many bytes it may become; what is cut off is counted. Default: 1,024.
    ///   - isQuoted: Whether it goes between quotes, so that these are escaped, too.
    static func escaped(_ text: String, limit: Int = 1_024, isQuoted: Bool = false) -> String {
        var (shown, size) = ("", 0)
        let scalars = text.unicodeScalars
        for index in scalars.indices {
            let scalar = scalars[index]
            let form = escape(scalar, isQuoted) ?? String(scalar)
            size += form.utf8.count
            guard size <= limit else { return shown + "… (\(scalars[index...].count) more)" }
            shown += form
        }
        return shown
    }

    /// For a terminal: many lines, each escaped; line breaks are ours.
    static func lines(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { line in line.allSatisfy { $0 != "\\" && isPlain($0) } ? String(line) : escapedLine(line) }
            .joined(separator: "\n")
    }

    /// A backslash is left as it is: usage texts have some of their own.
    private static func escapedLine(_ line: Substring) -> String {
        line.unicodeScalars.reduce(into: "") { text, scalar in
            text += scalar == "\\" ? "\\" : escape(scalar, false) ?? String(scalar)
        }
    }

    private static func isPlain(_ character: Character) -> Bool {
        character.unicodeScalars.allSatisfy { escape($0, false) == nil }
    }

    private static func escape(_ scalar: Unicode.Scalar, _ isQuoted: Bool) -> String? {
        switch scalar {
        case "\\": return "\\\\"
        case "\"": return isQuoted ? "\\\"" : nil
        case "\n": return "\\n"
        case "\r": return "\\r"
        case "\t": return "\\t"
        case " "..."~": return nil
        default: break
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator:
            return String(scalar).utf16.reduce(into: "") { $0 += "\\u" + hexadecimal($1) }
        default: return nil
        }
    }

    private static func hexadecimal(_ unit: UInt16) -> String {
        let digits = String(unit, radix: 16)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}
