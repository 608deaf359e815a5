/// A request's head for people, without what gives access.
enum HeadText {
    /// As it is sent, but for the values of fields and of the query's parameters that are secret.
    static func disguised(_ head: [UInt8]) -> String {
        let lines = ByteText.text(head).split(separator: "\r\n", omittingEmptySubsequences: false).dropLast()
        return lines.enumerated().map { index, line in "> \(index == 0 ? requestLine(line) : field(line))\n" }.joined()
    }

    private static func field(_ line: Substring) -> Substring {
        let name = line.prefix { $0 != ":" }
        return isSecret(name) ? name + ": \(notShown)" : line
    }

    private static func requestLine(_ line: Substring) -> Substring {
        guard let question = line.firstIndex(of: "?"), let end = line.lastIndex(of: " "), question < end else {
            return line
        }
        let query = line[line.index(after: question)..<end].split(separator: "&", omittingEmptySubsequences: false)
        let shown = query.map { parameter in
            let name = parameter.prefix { $0 != "=" }
            return name.count < parameter.count && isSecret(name) ? name + "=\(notShown)" : parameter
        }
        return line[...question] + shown.joined(separator: "&") + line[end...]
    }

    /// Whether its name says that a value gives access: `Authorization`, `X-Api-Key`, `access_token`.
    private static func isSecret(_ name: Substring) -> Bool {
        let name = name.lowercased()
        return name == "sig" || name != "idempotency-key" && words.contains { name.contains($0) }
    }

    private static let words = [
        "auth", "cookie", "credential", "key", "pass", "pwd", "secret", "session", "signature", "token",
    ]

    private static let notShown = "(not shown)"
}
