import ArgumentParser
import Fletch
import HTTPTypes

/// The lines of `-H`: in order, as bytes.
struct FieldLines {
    private(set) var fields = HTTPFields()
    /// In lower case: those of which `Name:` says that they are not to be added.
    private var leftOut: Set<String> = []

    /// Reads the files that are named.
    init(_ options: RequestOptions) throws {
        for text in options.header {
            guard let path = text.pathBehindAt else {
                try add(ByteText.bytes(text)[...])
                continue
            }
            let content = try BodyReader.read(path)
            for line in Self.unfolded(content) { try add(line[...]) }
        }
    }

    func leavesOut(_ name: String) -> Bool { leftOut.contains(name) }

    /// A file's lines, without blank ones and those that begin with `#`. A line that begins with a space or a tab goes on
    /// with the line before it (RFC 9112 §5.2).
    static func unfolded(_ content: [UInt8]) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var mayGoOn = false
        for part in ByteText.withoutMark(content[...]).split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        {
            let line = part.last == UInt8(ascii: "\r") ? part.dropLast() : part
            let words = trimmed(line)
            guard let first = line.first, !words.isEmpty, first != UInt8(ascii: "#") else {
                mayGoOn = false
                continue
            }
            if isBlank(first), mayGoOn, let last = lines.indices.last {
                lines[last] += [UInt8(ascii: " ")] + words
            } else {
                lines.append(Array(words))
            }
            mayGoOn = true
        }
        return lines
    }

    private mutating func add(_ line: ArraySlice<UInt8>) throws {
        let words = Self.trimmed(line)
        guard !words.isEmpty else { return }
        guard !words.contains(where: \.isControlOfField) else {
            let name = ByteText.text(words.prefix { $0 != UInt8(ascii: ":") && !$0.isControlOfField })
            throw HTTPField.hasControl(name)
        }
        guard let colon = words.firstIndex(of: UInt8(ascii: ":")) else {
            guard words.last == UInt8(ascii: ";") else {
                throw ValidationError("-H '\(ByteText.text(Array(line)))': write 'Name: value'")
            }
            return fields.append(HTTPField(name: try Self.name(words.dropLast()), value: ""))
        }
        let name = try Self.name(words[..<colon])
        let value = Self.trimmed(words[(colon + 1)...])
        guard !value.isEmpty else {
            if name.canonicalName == "host" {
                throw ValidationError("-H '\(name.rawName):': no request can be without this field (RFC 9112 §3.2)")
            }
            leftOut.insert(name.canonicalName)
            return
        }
        fields.append(try HTTPField(name, bytes: value))
    }

    private static func name(_ bytes: ArraySlice<UInt8>) throws(FletchError) -> HTTPField.Name {
        let text = ByteText.text(Array(bytes))
        if let name = HTTPField.Name(text) { return name }
        throw FletchError(
            .invalidRequest, .notSent,
            "the request is malformed: the field name '\(text)' holds a character that no name has")
    }

    private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var rest = line
        while let first = rest.first, isBlank(first) { rest.removeFirst() }
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return rest
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
}

extension HTTPField {
    /// A value of these bytes, whichever text they are. Its other initializers would change some silently.
    init(_ name: Name, bytes: some Collection<UInt8>) throws(FletchError) {
        guard !bytes.contains(where: \.isControlOfField) else { throw Self.hasControl(name.rawName) }
        self.init(name: name, lenientValue: bytes)
    }

    fileprivate static func hasControl(_ name: String) -> FletchError {
        FletchError(
            .invalidRequest, .notSent,
            "the request is malformed: the field \(name) holds a line break or another control character: remove it")
    }
}
