/// The caller's ear for one receipt.
package final class Call: Sendable {
    let endpoint: Endpoint
    /// Called once, on the loop's thread.
    let completion: @Sendable (Result<Receipt, FletchError>) -> Void

    /// Who carries the request; nil before and after. Only the loop's thread touches it.
    nonisolated(unsafe) var carrier: (any Carrier)?

    init(_ endpoint: Endpoint, _ completion: @escaping @Sendable (Result<Receipt, FletchError>) -> Void) {
        self.endpoint = endpoint
        self.completion = completion
    }
}
