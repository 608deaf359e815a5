internal import FletchQueue
import HTTPTypes

// The keys of a job that Quirrel does not have.
extension EnqueueBody {
    /// Of the name of a group, as UTF-8.
    static let maximumGroupBytes = 256
    static let maximumMethodLength = 64

    static func options(_ object: JSONValue) throws(Violation) -> JobOptions {
        var options = JobOptions()
        options.method = try object.member("method", method)
        options.headers = try object.member("headers", JobHeadersBody.headers)
        options.timeout = try object.integer("timeout", in: PolicyBody.timeouts)
        options.expiresAt = try object.member("expiresAt", moment)
        options.retryPolicy = try object.member("retryPolicy", RetryPolicyBody.retryPolicy)
        options.until = try object.member("until", goal)
        options.callback = try object.member("callback", url)
        options.failureCallback = try object.member("failureCallback", url)
        return options
    }

    static func group(_ value: JSONValue) throws(Violation) -> String {
        let group = try value.asString()
        guard group.utf8.count <= maximumGroupBytes else {
            throw Violation("must NOT have more than \(maximumGroupBytes) bytes")
        }
        return group
    }

    static func method(_ value: JSONValue) throws(Violation) -> String {
        let method = try value.asString()
        guard method.utf8.count <= maximumMethodLength else {
            throw Violation("must NOT have more than \(maximumMethodLength) characters")
        }
        guard HTTPRequest.Method(method) != nil else {
            throw Violation("must be a method: letters, digits and !#$%&'*+-.^_`|~")
        }
        guard !["connect", "trace"].contains(method.lowercased()) else {
            throw Violation("must NOT be CONNECT or TRACE")
        }
        return method
    }

    private static func goal(_ value: JSONValue) throws(Violation) -> DeliveryGoal { try value.asChoice() }

    private static func url(_ value: JSONValue) throws(Violation) -> String { try value.asCallableURL() }
}
