internal import FletchQueue
import HTTPTypes

/// The control fields of a request to `/send`.
struct ControlFields {
    private var texts: [ControlField: String] = [:]

    /// - Throws: If one is unknown, has no value, or is there twice.
    init(_ fields: HTTPFields) throws(Violation) {
        for field in fields {
            let name = field.name.canonicalName
            // `fletch_delay` would be dropped in silence otherwise: it is never forwarded.
            guard JobHeaderRules.hyphenated(name).hasPrefix(ControlField.prefix),
                !name.hasPrefix(ForwardedFields.prefix)
            else { continue }
            do throws(Violation) {
                try add(field.value, ControlField(rawValue: name))
            } catch {
                throw error.below(JSONValue.shortened(name))
            }
        }
    }

    private mutating func add(_ text: String, _ name: ControlField?) throws(Violation) {
        guard let name else { throw Violation("is not a field of /send") }
        guard texts[name] == nil else { throw Violation("must NOT be set twice") }
        guard !text.isEmpty else { throw Violation("must NOT be empty") }
        guard !text.hasInvalidBytes else { throw Violation("must be UTF-8") }
        texts[name] = text
    }

    func contains(_ name: ControlField) -> Bool { texts[name] != nil }

    /// - Returns: nil if the field is not there.
    /// - Throws: What `read` throws, with the field's name.
    func value<Value>(
        _ name: ControlField, _ read: (String) throws(Violation) -> Value
    ) throws(Violation) -> Value? {
        guard let text = texts[name] else { return nil }
        do {
            return try read(text)
        } catch {
            throw error.below(name.rawValue)
        }
    }
}
