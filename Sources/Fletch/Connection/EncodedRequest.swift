import HTTPTypes

/// A request, routed and encoded: what every attempt to send it needs, made once.
package final class EncodedRequest: Sendable {
    let endpoint: Endpoint
    let head: [UInt8]
    let body: Outgoing.Body
    let plan: ExchangePlan
    let url: String
    let method: HTTPRequest.Method
    /// Bytes on the wire.
    let byteCount: Int

    init(endpoint: Endpoint, head: [UInt8], body: Outgoing.Body, plan: ExchangePlan, request: FletchRequest) {
        self.endpoint = endpoint
        self.head = head
        self.body = body
        self.plan = plan
        url = request.url
        method = request.method
        byteCount = head.count + body.byteCount
    }

    package var isInMemory: Bool { if case .bytes = body { true } else { false } }

    /// Bytes that waiting to be sent holds in memory.
    package var memoryBytes: Int {
        switch body {
        case .bytes: byteCount
        case .file: head.count
        }
    }
}
