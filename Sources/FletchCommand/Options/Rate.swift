import ArgumentParser

/// Requests in a time: `100`, `100/s`, `6000/m`, or as vegeta writes it, `50/1s`.
struct Rate: ExpressibleByArgument {
    let perSecond: Double

    init?(argument: String) {
        let parts = argument.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let count = Double(parts[0]), let seconds = parts.count == 1 ? 1 : Self.seconds(parts[1]) else {
            return nil
        }
        perSecond = count / seconds
        guard perSecond > 0, perSecond <= 1e9 else { return nil }
    }

    private static func seconds(_ text: Substring) -> Double? {
        let digits = text.prefix { $0.isNumber || $0 == "." }
        guard let count = digits.isEmpty ? 1 : Double(digits), count > 0 else { return nil }
        switch text.dropFirst(digits.count) {
        case "ms": return count / 1_000
        case "s": return count
        case "m": return count * 60
        case "h": return count * 3_600
        default: return nil
        }
    }
}
