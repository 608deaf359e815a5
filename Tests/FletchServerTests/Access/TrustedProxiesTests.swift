import Fletch
import HTTPTypes
import NIOCore
import Testing

@testable import FletchServer

@Suite struct TrustedProxiesTests {
    private static let proxies = TrustedProxies(["10.0.0.0/8", "fd00::/8"].compactMap { AddressBlock($0) })
    private static let forwarded = HTTPField.Name.named("Forwarded")
    private static let forwardedFor = HTTPField.Name.named("X-Forwarded-For")

    private static func client(_ peer: String, _ fields: HTTPFields) -> ClientAddress? {
        proxies.client(ClientAddress(peer), fields)
    }

    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), ("198.51.100.9, 192.0.2.1", "192.0.2.1"), ("192.0.2.1,10.1.2.3", "192.0.2.1"),
        ("evil, 192.0.2.1 , 10.1.2.3", "192.0.2.1"), ("10.9.9.9, 10.1.2.3", "10.9.9.9"), ("unknown", "10.0.0.1"),
        ("unknown, 10.1.2.3", "10.1.2.3"), ("", "10.0.0.1"), (",,", "10.0.0.1"), ("192.0.2.1:4711", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"), ("[2001:db8::1]:80", "2001:db8::1"), ("::ffff:192.0.2.1", "192.0.2.1"),
    ])
    func lastAddressThatIsNoProxysCounts(_ value: String, _ client: String) {
        #expect(Self.client("10.0.0.1", [Self.forwardedFor: value]) == ClientAddress(client))
    }

    @Test(arguments: [
        ("for=192.0.2.1", "192.0.2.1"), ("For=\"[2001:db8::1]:4711\";proto=http", "2001:db8::1"),
        ("proto=https; for=192.0.2.1;by=10.0.0.1, for=10.1.2.3", "192.0.2.1"),
        ("for=_hidden, for=10.1.2.3", "10.1.2.3"),
        ("proto=https", "10.0.0.1"), ("for=198.51.100.9, proto=https;by=10.1.2.3", "10.0.0.1"),
        ("for=198.51.100.9, proto=https, for=10.1.2.3", "10.1.2.3"), ("for=198.51.100.9, for=192.0.2.1", "192.0.2.1"),
    ])
    func standardFieldIsReadAsWell(_ value: String, _ client: String) {
        #expect(Self.client("10.0.0.1", [Self.forwarded: value]) == ClientAddress(client))
    }

    @Test func linesOfAFieldAreOneList() {
        var fields = HTTPFields()
        for value in ["198.51.100.9", "192.0.2.1"] { fields.append(HTTPField(name: Self.forwardedFor, value: value)) }
        #expect(Self.client("10.0.0.1", fields) == ClientAddress("192.0.2.1"))
    }

    @Test func whoIsNoProxySpeaksForItselfAlone() {
        #expect(Self.client("192.0.2.7", [Self.forwardedFor: "198.51.100.9"]) == ClientAddress("192.0.2.7"))
        #expect(
            TrustedProxies().client(ClientAddress("10.0.0.1"), [Self.forwardedFor: "198.51.100.9"])
                == ClientAddress("10.0.0.1"))
        #expect(Self.proxies.client(nil, [Self.forwardedFor: "198.51.100.9"]) == nil)
    }

    /// The proxy may have written one of them, and the client the other.
    @Test func twoFieldsThatContradictEachOtherCountForNothing() {
        let fields: HTTPFields = [Self.forwardedFor: "192.0.2.1", Self.forwarded: "for=198.51.100.9"]
        #expect(Self.client("10.0.0.1", fields) == ClientAddress("10.0.0.1"))
        let same: HTTPFields = [Self.forwardedFor: "192.0.2.1", Self.forwarded: "for=\"192.0.2.1:80\""]
        #expect(Self.client("10.0.0.1", same) == ClientAddress("192.0.2.1"))
        let unnamed: HTTPFields = [Self.forwardedFor: "192.0.2.1", Self.forwarded: "proto=https"]
        #expect(Self.client("10.0.0.1", unnamed) == ClientAddress("192.0.2.1"))
    }

    @Test func limitsAreThoseOfTheClientBehindTheProxy() async throws {
        var access = Access.Configuration()
        access.requestLimit = 1
        access.trustedProxies = Self.proxies
        let proxy = try NIOCore.SocketAddress(ipAddress: "10.0.0.1", port: 1)
        try await TestAPI.with(access: access) { api in
            for (client, status) in [("192.0.2.1", 200), ("192.0.2.2", 200), ("192.0.2.1", 429)] {
                let answer = await api.send(
                    .get, "/queues", fields: [Self.forwardedFor: client], address: proxy)
                #expect(answer.status == status)
            }
        }
    }
}
