import HTTPTypes

/// A request on its way from the caller to an event loop, and the caller's ear for its receipt.
package final class Submission: @unchecked Sendable {
    // Sendable because everything is immutable but `connection`, which only the loop's thread touches.
    let endpoint: Endpoint
    let head: [UInt8]
    let body: Outgoing.Body
    let plan: ExchangePlan
    let url: String
    let method: HTTPRequest.Method
    let start: Moment
    let deadline: Moment?
    /// Called once, on the loop's thread.
    let completion: @Sendable (Result<Receipt, FletchError>) -> Void

    /// The connection that carries it; nil before and after.
    var connection: Connection?

    init(
        endpoint: Endpoint, head: [UInt8], body: Outgoing.Body, plan: ExchangePlan, request: FletchRequest,
        start: Moment, deadline: Moment?, completion: @escaping @Sendable (Result<Receipt, FletchError>) -> Void
    ) {
        self.endpoint = endpoint
        self.head = head
        self.body = body
        self.plan = plan
        self.url = request.url
        self.method = request.method
        self.start = start
        self.deadline = deadline
        self.completion = completion
    }
}
