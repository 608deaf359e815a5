internal import FletchQueue

/// The key `headers` of a job.
enum JobHeadersBody {
    /// - Returns: The fields in their order. One that is null is as if it were absent.
    static func headers(_ value: JSONValue) throws(Violation) -> [JobHeader] {
        let headers = try fields(of: try value.asObject())
        guard headers.count <= JobHeaderRules.maximumCount else {
            throw Violation("must NOT have more than \(JobHeaderRules.maximumCount) properties")
        }
        for header in headers {
            if let problem = JobHeaderRules.problem(name: header.name, value: header.value) {
                throw Violation(problem).below(JSONValue.shortened(header.name))
            }
        }
        if let name = nameThatIsThereTwice(headers) {
            throw Violation("must NOT be set twice: field names have no case").below(JSONValue.shortened(name))
        }
        guard JobHeaderRules.byteCount(of: headers) <= JobHeaderRules.maximumBytes else {
            throw Violation("must NOT have more than \(JobHeaderRules.maximumBytes) bytes")
        }
        return headers
    }

    /// Of members with the same name the last one counts.
    private static func fields(of object: JSONValue) throws(Violation) -> [JobHeader] {
        guard case .object(let members) = object else { return [] }
        var values: [String: JSONValue] = [:]
        for member in members { values[member.name] = member.value }
        var headers: [JobHeader] = []
        for member in members {
            guard let value = values.removeValue(forKey: member.name), value != .null else { continue }
            do {
                headers.append(JobHeader(member.name, try value.asString()))
            } catch {
                throw error.below(JSONValue.shortened(member.name))
            }
        }
        return headers
    }

    private static func nameThatIsThereTwice(_ headers: [JobHeader]) -> String? {
        var names: Set<String> = []
        return headers.first { !names.insert($0.name.lowercased()).inserted }?.name
    }
}
