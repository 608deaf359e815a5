/// What is wrong with a value, in Ajv's words. Only ever the first fault is told.
struct Violation: Error, Hashable {
    /// Where, below the value that was looked at: `/repeat/every`.
    var path = ""
    let message: String

    init(_ message: String) { self.message = message }

    func below(_ name: some CustomStringConvertible) -> Violation {
        var violation = self
        violation.path = "/\(name)" + path
        return violation
    }

    /// - Parameter part: Of the request: `body`.
    func response(in part: String) -> APIResponse { .invalid(part + path + " " + message) }
}
