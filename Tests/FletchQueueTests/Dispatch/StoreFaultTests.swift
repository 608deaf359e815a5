import Testing

@testable import FletchQueue

/// What the log names of something that a store cannot read: no secrets.
@Suite struct StoreFaultTests {
    @Test(arguments: [
        ("https://me:pass@example.com/a%20b?key=1#part", "https://example.com/a%20b"),
        ("http://example.com:8080", "http://example.com:8080"), ("http://[", ""),
    ])
    func endpointIsLoggedWithoutWhatMayBeSecret(_ endpoint: String, _ logged: String) {
        let fault = StoreFault("a job", in: QueueName(tenant: "t", endpoint: endpoint), "a")
        #expect(fault.metadata == ["tenant": "t", "endpoint": "\(logged)", "id": "a"])
    }

    @Test func whatIsNotKnownIsNotLogged() { #expect(StoreFault("a page").metadata.isEmpty) }
}
