// Ajv's coercion of types, as Fastify sets it up: scalars become one another where that makes sense, an array of one
// item is that item, and a scalar is an array of one.
//
// But for null, which Ajv takes for "", 0 or false: three jobs with the id null would be one. A member that is null is as if
// it were absent; elsewhere null has no type that is wanted.
extension JSONValue {
    func asString() throws(Violation) -> String {
        switch unwrapped {
        case .string(let string): string
        case .number(let number): JavaScriptNumber.text(of: number)
        case .bool(let value): value ? "true" : "false"
        case .null, .array, .object: throw Violation("must be string")
        }
    }

    func asNumber() throws(Violation) -> Double {
        switch unwrapped {
        case .number(let number) where number.isFinite: return number
        case .bool(let value): return value ? 1 : 0
        case .string(let string) where !string.isEmpty:
            if let number = JavaScriptNumber.value(of: string), number.isFinite { return number }
        default: break
        }
        throw Violation("must be number")
    }

    func asNumber(atLeast minimum: Int) throws(Violation) -> Double {
        let number = try asNumber()
        guard number >= Double(minimum) else { throw Violation("must be >= \(minimum)") }
        return number
    }

    func asBool() throws(Violation) -> Bool {
        switch unwrapped {
        case .bool(let value): value
        case .string("true"), .number(1): true
        case .string("false"), .number(0): false
        default: throw Violation("must be boolean")
        }
    }

    func asArray() throws(Violation) -> [JSONValue] {
        switch self {
        case .array(let items): items
        case .object: throw Violation("must be array")
        default: [self]
        }
    }

    /// As it is, where it is one.
    func asObject() throws(Violation) -> JSONValue {
        let value = unwrapped
        guard case .object = value else { throw Violation("must be object") }
        return value
    }

    private var unwrapped: JSONValue {
        if case .array(let items) = self, items.count == 1 { return items[0] }
        return self
    }

}

// Members and items, each with its place in what is thrown.
extension JSONValue {
    /// - Returns: nil for a member that is not there, and for one that is null.
    func member<Result>(
        _ name: String, _ read: (JSONValue) throws(Violation) -> Result
    ) throws(Violation) -> Result? {
        guard let value = self[name], value != .null else { return nil }
        do {
            return try read(value)
        } catch {
            throw error.below(name)
        }
    }

    func required<Result>(
        _ name: String, _ read: (JSONValue) throws(Violation) -> Result
    ) throws(Violation) -> Result {
        guard let result = try member(name, read) else { throw Violation("must have required property '\(name)'") }
        return result
    }

    func items<Result>(_ read: (JSONValue) throws(Violation) -> Result) throws(Violation) -> [Result] {
        var results: [Result] = []
        for (index, item) in try asArray().enumerated() {
            do {
                results.append(try read(item))
            } catch {
                throw error.below(index)
            }
        }
        return results
    }
}
