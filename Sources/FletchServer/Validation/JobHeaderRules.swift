internal import Fletch
internal import FletchQueue
import HTTPTypes

/// Which fields a job may add to its deliveries.
enum JobHeaderRules {
    /// How many fields a job has at most.
    static let maximumCount = 64
    /// Of all names and values together.
    static let maximumBytes = 16_384

    /// Fields that concern one connection and are never passed on (RFC 9110 §7.6.1). In lower case.
    static let hopByHop: Set<String> = [
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade",
    ]

    /// Returns why a job may not have this field, in words that follow the name; nil if it may.
    ///
    /// A value may have any character but ASCII's control characters: it is sent as UTF-8.
    /// - Parameters:
    ///   - name: Any string, in any case.
    ///   - value: Any string.
    ///   - isForwarded: Whether it comes by `/send`. The signature of another sender is let through then, since it belongs to
    ///     what is forwarded. Default: no.
    static func problem(name: String, value: String, isForwarded: Bool = false) -> String? {
        if let problem = problem(name: name, isForwarded: isForwarded) { return problem }
        if value.utf8.allSatisfy(\.isBlankOfField), name.lowercased() == idempotencyKey {
            return "must NOT be empty: leave it out, and fletchd sets one"
        }
        return value.utf8.contains(where: \.isControlOfField) ? "must NOT have control characters but tabs" : nil
    }

    /// Returns why a job may not have a field of this name, whatever its value is; nil if it may.
    static func problem(name: String, isForwarded: Bool) -> String? {
        guard let name = HTTPField.Name(name)?.canonicalName else {
            return "must be a field name: letters, digits and !#$%&'*+-.^_`|~"
        }
        let isSignature = isForwarded && name.hasPrefix(webhookPrefix)
        if !isSignature, let problem = problem(ofName: hyphenated(name)) { return problem }
        guard name.contains("_"), hyphenated(name) == idempotencyKey else { return nil }
        return "must NOT be set: write Idempotency-Key, since many receivers take both for one field"
    }

    /// The name as CGI and WSGI receivers know it, to whom `_` and `-` are the same.
    static func hyphenated(_ name: String) -> String { name.replacing("_", with: "-") }

    /// How many bytes of ``maximumBytes`` these fields take.
    static func byteCount(of headers: [JobHeader]) -> Int {
        headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
    }

    /// - Parameter name: In lower case, without `_`.
    private static func problem(ofName name: String) -> String? {
        if hopByHop.contains(name) { return "must NOT be set: it belongs to a connection, not to a request" }
        if ownPrefixes.contains(where: name.hasPrefix) { return "must NOT be set: fletchd sets it itself" }
        return switch name {
        case "host": "must NOT be set: it is taken from the URL"
        case "content-length": "must NOT be set: it is counted from the body"
        case "expect": "must NOT be set: the body is always sent at once"
        default: nil
        }
    }

    private static let idempotencyKey = "idempotency-key"
    /// Of the fields of Standard Webhooks.
    private static let webhookPrefix = "webhook-"
    private static let ownPrefixes = ["x-quirrel-", webhookPrefix, "fletch-"]
}

extension UInt8 {
    /// A space or a tab: receivers drop them around a value.
    fileprivate var isBlankOfField: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }
}
