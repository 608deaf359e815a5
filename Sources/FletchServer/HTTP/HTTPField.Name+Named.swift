import HTTPTypes

extension HTTPField.Name {
    /// A name that stands in this program.
    static func named(_ text: StaticString) -> Self {
        guard let name = Self("\(text)") else { preconditionFailure("\(text) is no name of a field") }
        return name
    }

    static let idempotencyKey = named("Idempotency-Key")
}
