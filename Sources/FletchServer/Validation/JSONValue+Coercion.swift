// Ajv's coercion of types, as Fastify sets it up: scalars become one another where that makes sense, an array of one
// item is that item, and a scalar is an array of one.
extension JSONValue {
    func asString() throws(Violation) -> String {
        switch unwrapped {
        case .string(let string): string
        case .number(let number): Self.text(of: number)
        case .bool(let value): value ? "true" : "false"
        case .null: ""
        case .array, .object: throw Violation("must be string")
        }
    }

    func asNumber() throws(Violation) -> Double {
        switch unwrapped {
        case .number(let number): return number
        case .bool(let value): return value ? 1 : 0
        case .null: return 0
        case .string(let string):
            if let number = Self.number(in: string) { return number }
        case .array, .object: break
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
        case .string("false"), .number(0), .null: false
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

    private static func text(of number: Double) -> String {
        // All whole numbers that a double holds without a gap.
        if let whole = Int64(exactly: number), abs(number) < 9_007_199_254_740_992 { return String(whole) }
        return String(number)
    }

    private static func number(in string: String) -> Double? {
        let bytes = string.utf8
        guard !bytes.isEmpty, bytes.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }), let number = Double(string)
        else { return nil }
        return number.isFinite ? number : nil
    }
}

// Members and items, each with its place in what is thrown.
extension JSONValue {
    func member<Result>(
        _ name: String, _ read: (JSONValue) throws(Violation) -> Result
    ) throws(Violation) -> Result? {
        guard let value = self[name] else { return nil }
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
