import Fletch

/// A request's head for people, without what gives access.
enum HeadText {
    /// As it is sent, but for the values of fields and of the query's parameters that are secret.
    static func disguised(_ head: [UInt8]) -> String {
        let lines = ByteText.text(head).split(separator: "\r\n", omittingEmptySubsequences: false).dropLast()
        return lines.enumerated().map { index, line in "> \(index == 0 ? requestLine(line) : field(line))\n" }.joined()
    }

    private static func field(_ line: Substring) -> String {
        let name = line.utf8.prefix { $0 != UInt8(ascii: ":") }
        // As of `Referer`.
        return isSecret(name) ? "\(Substring(name)): \(notShown)" : disguised(url: line)
    }

    private static func requestLine(_ line: Substring) -> String {
        let words = line.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        return words.map { disguised(url: Substring($0)) }.joined(separator: " ")
    }

    /// A URL, or its path and query, without the values of parameters that are secret.
    static func disguised(url: some StringProtocol) -> String {
        let bytes = Array(url.utf8)
        guard let question = bytes.firstIndex(of: UInt8(ascii: "?")) else { return String(url) }
        var shown = bytes[...question]
        var rest = bytes[(question + 1)...]
        while !rest.isEmpty {
            let parameter = rest.prefix { !separators.contains($0) }
            let name = parameter.prefix { $0 != UInt8(ascii: "=") }
            let isShown = name.count == parameter.count || !isSecret(PercentEncoding.decode(name) ?? Array(name))
            shown += isShown ? parameter : name + "=\(notShown)".utf8
            rest = rest[parameter.endIndex...]
            shown += rest.prefix(1)
            rest = rest.dropFirst()
        }
        return String(decoding: shown, as: UTF8.self)
    }

    /// Whether its name says that a value gives access: `Authorization`, `X-Api-Key`, `access_token`.
    private static func isSecret(_ name: some Collection<UInt8>) -> Bool {
        let name = String(decoding: name, as: UTF8.self).lowercased()
        return name == "sig" || name != "idempotency-key" && words.contains { name.utf8.contains($0.utf8) }
    }

    private static let words = [
        "auth", "cookie", "credential", "key", "pass", "pwd", "secret", "session", "signature", "token",
    ]

    private static let separators = "&;#".utf8
    private static let notShown = "(not shown)"
}
