import Glibc
import Testing

@testable import Fletch

@Suite struct AddressPolicyTests {
    private func refusal(of text: String, except blocks: String...) throws -> String? {
        let policy = AddressPolicy.publicOnly(except: try blocks.map { try #require(AddressBlock($0)) })
        return policy.refusal(of: try #require(SocketAddress(literal: text, port: 80)))
    }

    @Test(arguments: AddressBoundaries.cases(AddressBoundaries.version4))
    func everyBlockOfVersion4EndsWhereItsRegistrySays(_ address: String, _ block: String) throws {
        try expect(address, in: block)
    }

    @Test(arguments: AddressBoundaries.cases(AddressBoundaries.version6))
    func everyBlockOfVersion6EndsWhereItsRegistrySays(_ address: String, _ block: String) throws {
        try expect(address, in: block)
    }

    private func expect(_ address: String, in block: String) throws {
        let refusal = try refusal(of: address)
        if block == "public" {
            #expect(refusal == nil, "\(address)")
        } else {
            #expect(refusal?.hasPrefix("\(block) is ") == true, "\(address): \(refusal ?? "allowed")")
        }
    }

    @Test func refusalNamesTheRowAndItsSource() throws {
        #expect(try refusal(of: "127.0.0.1") == "127.0.0.0/8 is Loopback, RFC 1122")
        #expect(try refusal(of: "fe80::1") == "fe80::/10 is Link-Local Unicast, RFC 4291")
    }

    @Test(arguments: [
        "93.184.216.34", "1.1.1.1", "8.8.8.8", "100.63.0.1", "172.32.0.1", "198.20.0.1", "2606:4700::1111", "2a00::1",
        "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
    ])
    func ordinaryPublicAddressIsAllowed(_ address: String) throws { #expect(try refusal(of: address) == nil) }

    // MARK: IPv4 addresses within others

    @Test(arguments: [
        ("::ffff:127.0.0.1", "127.0.0.0/8"), ("::ffff:10.1.2.3", "10.0.0.0/8"), ("::ffff:0.0.0.0", "0.0.0.0/32"),
        ("::ffff:169.254.169.254", "169.254.0.0/16"),
    ])
    func mappedAddressIsJudgedAsTheOneThatItCarries(_ address: String, _ block: String) throws {
        #expect(try refusal(of: address)?.hasPrefix("\(block) is") == true)
        #expect(try refusal(of: address, except: block) == nil)
        #expect(try refusal(of: address, except: "::/0") != nil)
    }

    @Test(arguments: ["64:ff9b::10.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b::"])
    func translatedAddressIsJudgedAsTheOneThatItCarries(_ address: String) throws {
        #expect(try refusal(of: address)?.hasPrefix("it carries ") == true)
        // Another machine makes that connection.
        #expect(try refusal(of: address, except: "0.0.0.0/0") != nil)
        #expect(try refusal(of: address, except: "64:ff9b::/96") == nil)
    }

    @Test(arguments: [
        ("64:ff9b:1::10.0.0.1", "64:ff9b:1::/48"), ("64:ff9b:1::8.8.8.8", "64:ff9b:1::/48"),
        // 6to4 of 127.0.0.1 and of 10.0.0.1.
        ("2002:7f00:1::1", "2002::/16"), ("2002:a00:1::1", "2002::/16"),
        // Teredo: a server at 10.0.0.1, and a client at 127.0.0.1, every bit of it turned.
        ("2001:0:a00:1::1", "2001::/32"), ("2001:0:808:808::80ff:fffe", "2001::/32"),
        ("::127.0.0.1", "::/96"), ("::8.8.8.8", "::/96"), ("::ffff:0:127.0.0.1", "::/3"), ("fec0::1", "fec0::/10"),
    ])
    func addressThatWrapsOneForGoodIsRefused(_ address: String, _ block: String) throws {
        #expect(try refusal(of: address)?.hasPrefix("\(block) is") == true)
    }

    @Test func zoneMakesNoDifference() throws {
        var linkLocal = sockaddr_in6()
        linkLocal.sin6_family = sa_family_t(AF_INET6)
        linkLocal.sin6_scope_id = 1
        inet_pton(AF_INET6, "fe80::1", &linkLocal.sin6_addr)
        let address = withUnsafePointer(to: &linkLocal) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { SocketAddress($0, port: 80) }
        }
        let refusal = AddressPolicy.publicOnly().refusal(of: try #require(address))
        #expect(refusal?.hasPrefix("fe80::/10 is") == true)
    }

    // MARK: Policies

    @Test func exceptionsAreAllowedAndNothingBesideThem() throws {
        #expect(try refusal(of: "10.1.2.3", except: "127.0.0.0/8", "10.1.2.0/24") == nil)
        #expect(try refusal(of: "10.1.3.3", except: "127.0.0.0/8", "10.1.2.0/24") != nil)
        #expect(try refusal(of: "::1", except: "127.0.0.0/8") != nil)
    }

    @Test func socketOfThisMachineIsNotPublic() throws {
        let socket = try #require(SocketAddress(path: "/run/x.sock"))
        let blocks = ["0.0.0.0/0", "::/0"].compactMap { AddressBlock($0) }
        #expect(AddressPolicy.publicOnly(except: blocks).refusal(of: socket)?.contains("Unix socket") == true)
    }

    @Test(arguments: ["127.0.0.1", "::1", "255.255.255.255"])
    func anyAddressIsAllowedByDefault(_ text: String) throws {
        let address = try #require(SocketAddress(literal: text, port: 80))
        #expect(Configuration().addressPolicy.refusal(of: address) == nil)
    }

    @Test func functionSeesAddressAndPort() throws {
        let policy = AddressPolicy.custom { "\($0.ipAddress ?? "none") \($0.port ?? 0)" }
        #expect(policy.refusal(of: try #require(SocketAddress(literal: "::1", port: 25))) == "::1 25")
        #expect(policy.refusal(of: try #require(SocketAddress(path: "/x"))) == "none 0")
    }
}
