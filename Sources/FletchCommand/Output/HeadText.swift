/// A request's head for people, without what gives access.
enum HeadText {
    /// As it is sent, but for the values of fields and of the query's parameters that are secret.
    static func disguised(_ head: [UInt8]) -> String {
        let lines = ByteText.text(head).split(separator: "\r\n", omittingEmptySubsequences: false).dropLast()
        return lines.enumerated().map { index, line in "> \(index == 0 ? requestLine(line) : field(line))\n" }.joined()
    }

    private static func field(_ line: Substring) -> String {
        let name = line.prefix { $0 != ":" }
        // As of `Referer`.
        return isSecret(name) ? "\(name): \(notShown)" : disguised(url: line)
    }

    private static func requestLine(_ line: Substring) -> String {
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        return words.map { $0.contains("?") ? disguised(url: $0) : String($0) }.joined(separator: " ")
    }

    /// A URL, or its path and query, without the values of parameters that are secret.
    static func disguised(url: some StringProtocol) -> String {
        guard let question = url.firstIndex(of: "?") else { return String(url) }
        var shown = String(url[...question])
        var rest = url[url.index(after: question)...]
        while !rest.isEmpty {
            let parameter = rest.prefix { !separators.contains($0) }
            let name = parameter.prefix { $0 != "=" }
            shown += name.count < parameter.count && isSecret(name) ? "\(name)=\(notShown)" : "\(parameter)"
            shown += rest.dropFirst(parameter.count).prefix(1)
            rest = rest.dropFirst(parameter.count + 1)
        }
        return shown
    }

    /// Whether its name says that a value gives access: `Authorization`, `X-Api-Key`, `access_token`.
    private static func isSecret(_ name: some StringProtocol) -> Bool {
        let name = name.lowercased()
        return name == "sig" || name != "idempotency-key" && words.contains { name.contains($0) }
    }

    private static let words = [
        "auth", "cookie", "credential", "key", "pass", "pwd", "secret", "session", "signature", "token",
    ]

    private static let separators: Set<Character> = ["&", ";", "#"]
    private static let notShown = "(not shown)"
}
