import Testing

@testable import Fletch

@Suite struct AddressBlockTests {
    private func contains(_ block: String, _ address: String) throws -> Bool {
        try #require(AddressBlock(block)).contains(try #require(SocketAddress(literal: address, port: 80)))
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.0.0.0/8"), ("10.1.2.3", "10.1.2.3/32"), ("0.0.0.0/0", "0.0.0.0/0"), ("fd00::/8", "fd00::/8"),
        ("::1", "::1/128"), ("::/0", "::/0"), ("FD00:0:0::/8", "fd00::/8"), ("10.1.2.128/25", "10.1.2.128/25"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"), ("::ffff:10.1.2.3", "10.1.2.3/32"), ("::ffff:0:0/96", "0.0.0.0/0"),
        ("::/95", "::/95"), ("::fffe:0:0/95", "::fffe:0:0/95"),
    ])
    func blockIsRead(_ text: String, _ description: String) {
        #expect(AddressBlock(text)?.description == description)
        #expect(AddressBlock(text) == AddressBlock(description))
    }

    @Test(arguments: [
        "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "fd00::/129", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/08",
        "10.0.0.0/8/8", "10.0.0.0/ 8", " 10.0.0.0/8", "10.0.0.0/8 ", "10.0.0.0/8,", "10/8", "10.0/16", "010.0.0.0/8",
        "0xa.0.0.0/8", "167772160/8", "10.0.0.0/255.0.0.0", "10.0.0.1/8", "0.0.0.1/0", "fd00::1/8", "::1/0",
        "::ffff:10.0.0.1/104", "fe80::1%lo", "fe80::%1/10", "[::1]", "[fd00::]/8", "localhost", "10.0.0.0/eight",
        "10.0.0.0\0/8", "10.0.0.0/8\0", "10.0.0.0/٨", "10.0.0.0/99999999999999999999",
    ])
    func whatIsNoBlockIsRefused(_ text: String) { #expect(AddressBlock(text) == nil) }

    @Test(arguments: [
        ("10.0.0.0/8", "9.255.255.255", false), ("10.0.0.0/8", "10.0.0.0", true),
        ("10.0.0.0/8", "10.255.255.255", true),
        ("10.0.0.0/8", "11.0.0.0", false), ("10.1.2.3", "10.1.2.3", true), ("10.1.2.3", "10.1.2.4", false),
        ("0.0.0.0/0", "255.255.255.255", true), ("fd00::/8", "fcff::", false), ("fd00::/8", "fdff::1", true),
        ("fd00::/8", "fe00::", false), ("::/0", "ffff::ffff", true), ("::1", "::1", true), ("::1", "::", false),
        ("2001:db8::/33", "2001:db8:7fff::", true), ("2001:db8::/33", "2001:db8:8000::", false),
    ])
    func addressesFromTheFirstToTheLastAreContained(_ block: String, _ address: String, _ isContained: Bool) throws {
        #expect(try contains(block, address) == isContained)
    }

    /// The same number means another address.
    @Test(arguments: [("0.0.0.0/0", "::1"), ("::/0", "10.0.0.1"), ("::/96", "10.0.0.1"), ("10.0.0.1", "::10.0.0.1")])
    func familiesAreKeptApart(_ block: String, _ address: String) throws {
        #expect(try !contains(block, address))
    }

    @Test(arguments: [("10.0.0.0/8", true), ("::ffff:10.0.0.0/104", true), ("11.0.0.0/8", false), ("::/0", false)])
    func mappedAddressIsTheOneThatItCarries(_ block: String, _ isContained: Bool) throws {
        #expect(try contains(block, "::ffff:10.0.0.1") == isContained)
    }

    @Test func socketOfThisMachineIsInNone() throws {
        let socket = try #require(SocketAddress(path: "/run/x.sock"))
        for text in ["0.0.0.0/0", "::/0"] { #expect(AddressBlock(text)?.contains(socket) == false) }
    }
}
