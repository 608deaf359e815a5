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
    static func problem(name: String, value: String) -> String? {
        guard let name = HTTPField.Name(name)?.canonicalName else {
            return "must be a field name: letters, digits and !#$%&'*+-.^_`|~"
        }
        if let problem = problem(ofName: hyphenated(name)) { return problem }
        if name.contains("_"), hyphenated(name) == "idempotency-key" {
            return "must NOT be set: write Idempotency-Key, since many receivers take both for one field"
        }
        return value.utf8.contains(where: \.isControlOfField) ? "must NOT have control characters but tabs" : nil
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

    private static let ownPrefixes = ["x-quirrel-", "webhook-", "fletch-"]
}
