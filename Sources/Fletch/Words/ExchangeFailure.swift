/// Why a connection, a request or its response failed. An object, so that what may hold one stays small.
final class ExchangeFailure: Sendable {
    let code: FletchError.Code
    let errorNumber: Int32?
    /// What the code's own explanation cannot know: an address, the system's words.
    let detail: String?

    init(_ code: FletchError.Code, errorNumber: Int32? = nil, detail: String? = nil) {
        self.code = code
        self.errorNumber = errorNumber
        self.detail = detail
    }

    /// For a person.
    var words: String { code.explanation + (detail.map { " (\($0))" } ?? "") }
}
