internal import FletchQueue
import HTTPTypes

/// The fields that a delivery takes over from the request to `/send`.
struct ForwardedFields {
    /// A field whose name begins with this sets another one for the delivery: `fletch-forward-cookie` sets `cookie`.
    static let prefix = "fletch-forward-"

    private var fields: [(name: String, values: [String])] = []
    /// Where a field is among them, by its name in lower case.
    private var places: [String: Int] = [:]

    /// Takes the fields that are not held back, in their order. A field that is set by ``prefix`` replaces one that
    /// came under its own name.
    /// - Throws: What is wrong with a field that would be forwarded, or with all of them together. A field that is set by
    ///   ``prefix`` must not be there twice, nor may `Idempotency-Key`.
    init(_ request: HTTPFields) throws(Violation) {
        let replaced = Set(request.compactMap { Self.explicitName(of: $0)?.lowercased() })
        let ofConnection = Self.namesInConnection(request)
        for field in request {
            let name = field.name.canonicalName
            if let explicit = Self.explicitName(of: field) {
                try add(explicit, field)
            } else if !HeldBackFields.contain(name), !replaced.contains(name), !ofConnection.contains(name) {
                try add(field.name.rawName, field)
            }
        }
        try checkLimits()
    }

    /// Each name is there once: the values of a repeated field are combined.
    var headers: [JobHeader] {
        fields.map { name, values in
            JobHeader(name, values.joined(separator: ", "))
        }
    }

    /// Whether there is a field of this name.
    /// - Parameter name: In lower case.
    func contains(_ name: String) -> Bool { places[name] != nil }

    /// - Parameter field: The one that it was sent as.
    private mutating func add(_ name: String, _ field: HTTPField) throws(Violation) {
        let problem =
            field.value.hasInvalidBytes
            ? "must be UTF-8" : JobHeaderRules.problem(name: name, value: field.value, isForwarded: true)
        if let problem { throw Violation(problem).below(JSONValue.shortened(field.name.canonicalName)) }
        if let place = places[name.lowercased()] {
            if let problem = Self.problem(repeating: field) {
                throw Violation(problem).below(JSONValue.shortened(field.name.canonicalName))
            }
            return fields[place].values.append(field.value)
        }
        places[name.lowercased()] = fields.count
        fields.append((name, [field.value]))
    }

    private func checkLimits() throws(Violation) {
        let headers = headers
        guard headers.count <= JobHeaderRules.maximumCount else {
            throw Violation("must NOT have more than \(JobHeaderRules.maximumCount) fields to forward")
        }
        guard JobHeaderRules.byteCount(of: headers) <= JobHeaderRules.maximumBytes else {
            throw Violation("must NOT have more than \(JobHeaderRules.maximumBytes) bytes to forward")
        }
    }

    /// Why a field may not be there a second time; nil if it may.
    private static func problem(repeating field: HTTPField) -> String? {
        if explicitName(of: field) != nil { return "must NOT be set twice" }
        return field.name == .idempotencyKey ? "must be sent once" : nil
    }

    /// nil if the field does not set another one.
    private static func explicitName(of field: HTTPField) -> String? {
        guard field.name.canonicalName.hasPrefix(prefix) else { return nil }
        return String(field.name.rawName.dropFirst(prefix.count))
    }

    /// Fields that concern this connection alone, as the client says (RFC 9110 §7.6.1). In lower case.
    private static func namesInConnection(_ request: HTTPFields) -> Set<String> {
        let names = request[values: .connection].flatMap { $0.split { $0 == "," || $0 == " " || $0 == "\t" } }
        return Set(names.map { $0.lowercased() })
    }
}

extension String {
    /// Whether bytes that are not UTF-8 were replaced in it: NIO makes U+FFFD of them.
    var hasInvalidBytes: Bool { unicodeScalars.contains("\u{FFFD}") }
}
