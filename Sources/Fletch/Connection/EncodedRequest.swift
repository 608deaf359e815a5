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

    private init(_ request: EncodedRequest, head: [UInt8]) {
        endpoint = request.endpoint
        self.head = head
        body = request.body
        plan = request.plan
        url = request.url
        method = request.method
        byteCount = head.count + body.byteCount
    }

    /// The same without its `Expect` field; nil where it has none.
    func withoutExpectation() -> EncodedRequest? {
        let lines = head.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let others = lines.filter { line in
            !String(decoding: line.prefix(7), as: UTF8.self).lowercased().hasPrefix("expect:")
        }
        guard others.count < lines.count else { return nil }
        return EncodedRequest(self, head: Array(others.joined(separator: [UInt8(ascii: "\n")])))
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
