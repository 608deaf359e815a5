import ArgumentParser
import Fletch
import HTTPTypes

extension RequestOptions {
    /// The fields of `-H`, in order.
    func fields() throws -> HTTPFields {
        var fields = HTTPFields()
        for text in try lines() {
            if let field = try Self.field(text) { fields.append(field) }
        }
        return fields
    }

    /// Whether `-H 'Name:'` says that the field is not to be added.
    func leavesOut(_ name: String) -> Bool {
        header.contains { $0.lowercased().trimmedEnd == name + ":" }
    }

    private func lines() throws -> [String] {
        try header.flatMap { text in
            guard text.hasPrefix("@") else { return [text] }
            let content = try BodyReader.read(String(text.dropFirst()))
            return String(decoding: content, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
        }
    }

    private static func field(_ text: String) throws -> HTTPField? {
        try check(text)
        if text.trimmedEnd.hasSuffix(";"), !text.contains(":") {
            return HTTPField(name: try name(text.trimmedEnd.dropLast()), value: "")
        }
        guard let colon = text.firstIndex(of: ":") else {
            throw ValidationError("-H '\(text)': write 'Name: value'")
        }
        let name = try name(text[..<colon])
        let value = text[text.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
        return value.isEmpty ? nil : HTTPField(name: name, value: String(value))
    }

    private static func name(_ text: some StringProtocol) throws -> HTTPField.Name {
        guard let name = HTTPField.Name(String(text)) else {
            throw malformed("the field name '\(text)' holds a character that no name has")
        }
        return name
    }

    /// `HTTPField` would mend such a value silently; nobody means it.
    private static func check(_ text: String) throws {
        guard !text.utf8.contains(where: { $0 == 0 || $0 == 10 || $0 == 13 }) else {
            throw malformed("a field of -H holds a line break or NUL: remove it")
        }
    }

    private static func malformed(_ why: String) -> FletchError {
        FletchError(.invalidRequest, .notSent, "the request is malformed: \(why)")
    }
}

extension String {
    /// Without spaces at its end.
    fileprivate var trimmedEnd: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
