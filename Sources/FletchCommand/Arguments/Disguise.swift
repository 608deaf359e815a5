/// What the process list goes on to show of the arguments: names of options, files, URLs; neither fields, data and
/// credentials, nor a URL's user information, query and fragment.
struct Disguise {
    private typealias Bytes = ArraySlice<UInt8>

    /// The value of an option that may be secret comes next.
    private var isSecretNext = false

    /// - Returns: As many bytes, asterisks in place of what is not shown.
    mutating func disguised(_ argument: [UInt8]) -> [UInt8] {
        if isSecretNext {
            isSecretNext = false
            return Self.hidden(argument[...])
        }
        if argument.first != UInt8(ascii: "-") || argument.count == 1 { return Self.word(argument[...]) }
        if argument.starts(with: "--".utf8) { return long(argument[...]) }
        return short(argument[...])
    }

    private mutating func long(_ argument: Bytes) -> [UInt8] {
        // `--` may be an option's value as well as the end of the options: what looks like an option behind it counts as one.
        let name = argument.prefix { $0 != UInt8(ascii: "=") }
        let isSecret = ArgumentNormalizer.secretNames.contains(String(decoding: name.dropFirst(2), as: UTF8.self))
        guard name.count < argument.count else {
            isSecretNext = isSecret
            return Array(argument)
        }
        let value = argument.dropFirst(name.count + 1)
        return name + [UInt8(ascii: "=")] + (isSecret ? Self.hidden(value) : Self.word(value))
    }

    private mutating func short(_ argument: Bytes) -> [UInt8] {
        let flags = argument.prefix { !ArgumentNormalizer.valueLetters.contains(Unicode.Scalar($0)) }
        guard let letter = argument.dropFirst(flags.count).first else { return Array(argument) }
        let isSecret = ArgumentNormalizer.secretLetters.contains(Unicode.Scalar(letter))
        let value = argument.dropFirst(flags.count + 1)
        if value.isEmpty { isSecretNext = isSecret }
        return flags + [letter] + (isSecret ? Self.hidden(value) : Self.word(value))
    }

    /// A URL, with or without its scheme: user information, query and fragment are not shown.
    private static func word(_ word: Bytes) -> [UInt8] {
        let colon = word.firstIndex(of: UInt8(ascii: ":")) ?? word.endIndex
        let start = word[colon...].starts(with: "://".utf8) ? colon + 3 : word.startIndex
        let authority = word[start...].prefix { !"/?#".utf8.contains($0) }
        let host = authority.lastIndex(of: UInt8(ascii: "@")) ?? start
        let query = word[host...].firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") } ?? word.endIndex
        return word[..<start] + hidden(word[start..<host]) + word[host..<query] + hidden(word[query...])
    }

    private static func hidden(_ bytes: Bytes) -> [UInt8] { bytes.map { _ in UInt8(ascii: "*") } }
}
