import ArgumentParser

/// Spells curl's glued short options (`-fsSm10`, `-XPOST`) out, one option and one value at a time, and takes the
/// subcommand's name away: `send` is the only one. What is refused is refused here: each option that the parser knows
/// costs every start of the command some time.
enum ArgumentNormalizer {
    static func normalize(_ arguments: [String]) throws(ValidationError) -> [String] {
        var rest = arguments[...]
        if rest.first == "send" { rest = rest.dropFirst() }
        var normal: [String] = []
        while let argument = rest.popFirst() {
            if argument == "--" { return normal + [argument] + rest }
            if let (name, value) = halves(argument) {
                normal += [try accepted(name), value]
                continue
            }
            guard argument.hasPrefix("-"), !argument.hasPrefix("--"), argument.count > 1 else {
                try normal.append(accepted(argument))
                // The value of a long option is never an option itself, whatever it looks like.
                if takesValue(argument), let value = rest.popFirst() { normal.append(value) }
                continue
            }
            normal += try spelledOut(argument, &rest)
        }
        return normal
    }

    /// A long option and its value, where the value begins with a mark that text would join to the `=`.
    private static func halves(_ argument: String) -> (name: String, value: String)? {
        let scalars = argument.unicodeScalars
        guard argument.hasPrefix("--"), let equals = scalars.firstIndex(of: "="), argument[equals] != "=" else {
            return nil
        }
        return (String(scalars[..<equals]), String(scalars[scalars.index(after: equals)...]))
    }

    private static func accepted(_ argument: String) throws(ValidationError) -> String {
        let name = argument.prefix { $0 != "=" }
        if let reason = Refusals.reason(for: String(name)) { throw ValidationError("\(name): \(reason)") }
        return argument
    }

    private static func spelledOut(
        _ argument: String, _ rest: inout ArraySlice<String>
    ) throws(ValidationError) -> [String] {
        var normal: [String] = []
        // Whatever the value begins with belongs to no letter.
        var letters = argument.unicodeScalars.dropFirst()
        while let letter = letters.popFirst() {
            try normal.append(accepted("-\(letter)"))
            guard valueLetters.contains(letter) else { continue }
            if letters.isEmpty {
                if let value = rest.popFirst() { normal.append(value) }
            } else {
                normal.append(String(letters))
            }
            break
        }
        return normal
    }

    private static func takesValue(_ argument: String) -> Bool {
        argument.hasPrefix("--") && valueNames.contains(String(argument.dropFirst(2)))
    }

    /// Short options that have a value.
    static let valueLetters: Set<Unicode.Scalar> = ["A", "d", "E", "H", "m", "o", "T", "u", "x", "X"]

    /// Those whose value may hold what is not for everyone.
    static let secretLetters: Set<Unicode.Scalar> = ["A", "d", "E", "H", "u"]
    static let secretNames: Set<String> = [
        "cert", "data", "data-ascii", "data-binary", "data-raw", "header", "json", "user", "user-agent",
    ]

    /// Long options whose value may begin with a hyphen.
    private static let valueNames: Set<String> = [
        "data", "data-ascii", "data-binary", "data-raw", "header", "json", "user", "user-agent", "request",
    ]
}
