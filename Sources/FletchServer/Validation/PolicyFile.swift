package import FletchQueue

/// The operator's policies, which `--policies FILE` names: a JSON object of policies by their targets.
package enum PolicyFile {
    /// Why a file holds no policies that can be used: names the target and the member, and says what is wrong.
    package struct Unusable: Error, CustomStringConvertible {
        package let description: String
    }

    /// Reads the content of a file.
    /// - Returns: The policies, by ``PolicyTarget/text``.
    /// - Throws: ``Unusable`` for what is not JSON, for a target that is none or that is named twice, and for the first
    ///   fault of a policy. Nothing of such a file is used.
    package static func policies(_ content: [UInt8]) throws(Unusable) -> [String: Policy] {
        guard let value = content.withUnsafeBufferPointer(JSONParser.value) else {
            throw Unusable(description: "it is not JSON in UTF-8")
        }
        guard case .object(let members) = value else {
            throw Unusable(description: #"it has to be an object of policies by target, as {"*":{"concurrency":5}}"#)
        }
        var policies: [String: Policy] = [:]
        for member in members {
            let target = try target(named: member.name)
            guard policies[target] == nil else {
                throw Unusable(description: "it names the target \(target) twice: write one policy for it")
            }
            policies[target] = try policy(of: target, member.value)
        }
        return policies
    }

    private static func target(named name: String) throws(Unusable) -> String {
        guard let target = PolicyTarget(name) else {
            throw Unusable(
                description: """
                    "\(JSONValue.shortened(name))" is no target: write the URL of an endpoint, an origin \
                    (https://example.com), or *
                    """)
        }
        return target.text
    }

    private static func policy(of target: String, _ value: JSONValue) throws(Unusable) -> Policy {
        do throws(Violation) {
            return try PolicyBody.policy(value)
        } catch {
            let place = error.path.isEmpty ? "it" : String(error.path.dropFirst())
            throw Unusable(description: "the policy of \(target): \(place) \(error.message)")
        }
    }
}
