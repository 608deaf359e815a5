import HTTPTypes

/// A request, routed and encoded: what every attempt to send it needs, made once.
package final class EncodedRequest: Sendable {
    let endpoint: Endpoint
    let head: [UInt8]
    let body: EncodedBody
    let plan: ExchangePlan
    let url: String
    let method: HTTPRequest.Method
    /// Bytes on the wire.
    let byteCount: Int
    /// Bytes that waiting to be sent holds in memory.
    package let memoryBytes: Int

    /// - Parameter memoryBytes: The room that it takes in an outbox; nil for what it holds.
    init(
        endpoint: Endpoint, head: [UInt8], body: EncodedBody, plan: ExchangePlan, url: String,
        method: HTTPRequest.Method, memoryBytes: Int? = nil
    ) {
        self.endpoint = endpoint
        self.head = head
        self.body = body
        self.plan = plan
        self.url = url
        self.method = method
        byteCount = head.count + body.byteCount
        self.memoryBytes = memoryBytes ?? head.count + body.memoryBytes
    }

    /// The same without its `Expect` field; nil if it has none.
    func withoutExpectation() -> EncodedRequest? {
        let lines = head.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let others = lines.filter { line in
            !String(decoding: line.prefix(7), as: UTF8.self).lowercased().hasPrefix("expect:")
        }
        guard others.count < lines.count else { return nil }
        return EncodedRequest(
            endpoint: endpoint, head: Array(others.joined(separator: [UInt8(ascii: "\n")])), body: body, plan: plan,
            url: url, method: method, memoryBytes: memoryBytes)
    }

    package var isInMemory: Bool { if case .bytes = body { true } else { false } }
}

extension Receipt {
    /// Of a request that no connection has taken yet.
    init(waiting request: EncodedRequest) {
        self.init(
            url: request.url, method: request.method, moments: Moments(), status: nil, location: nil, retryAfter: nil,
            bytesSent: 0, bytesReceived: 0, reused: false, remote: nil, security: nil, body: [], isBodyComplete: false)
    }
}
