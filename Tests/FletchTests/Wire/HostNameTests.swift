import Testing

@testable import Fletch

@Suite struct HostNameTests {
    private func problem(_ name: String) -> String? { HostName.problem(of: Array(name.utf8)) }

    @Test(arguments: [
        "a", "a.", "example.com", "example.com.", "localhost", "1.example", "a.1", "256.example", "1.2.3.4a", "a_b",
        "127.0.0.1",
        "127.0.0.1.", "255.255.255.255", "127.1", "0x7f.1", "2130706433", "0", "xn--bcher-kva.example",
        String(repeating: "a", count: 63) + ".b",
        [String](repeating: String(repeating: "a", count: 62), count: 4).joined(separator: "."),
    ])
    func nameCanBeLookedUp(_ name: String) { #expect(problem(name) == nil) }

    @Test(arguments: [
        (".", "empty"), (".a", "empty"), ("a..b", "empty"), ("a..", "empty"), ("256.1.1.1", "IPv4"),
        ("1.2.3.4.5", "IPv4"),
        ("1.2.3.4.5.", "IPv4"), ("4294967296", "IPv4"), (String(repeating: "1", count: 60), "IPv4"),
        (String(repeating: "a", count: 64), "longer"), (String(repeating: "a", count: 64) + ".b", "longer"),
        ([String](repeating: String(repeating: "a", count: 63), count: 4).joined(separator: "."), "longer"),
    ])
    func nameCanNeverBe(_ name: String, _ word: String) { #expect(problem(name)?.contains(word) == true) }

    /// As the C library reads them, which would look them up.
    @Test(arguments: [
        ("127.1", "127.0.0.1"), ("0x7f.1", "127.0.0.1"), ("2130706433", "127.0.0.1"), ("0177.0.0.1", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"), ("0", "0.0.0.0"),
    ])
    func addressIsWrittenInOneWay(_ name: String, _ address: String) throws {
        #expect(HostName.address(Array(name.utf8)) == address)
        let target = try RequestTarget.parse("https://\(name):444/").get()
        #expect(target.host == address && target.authority == "\(address):444")
        #expect(target.origin?.isAddress == true)
    }

    @Test(arguments: ["127.0.0.1", "a", "1.example", "1.2.3.4a", "xn--a", "::1"])
    func otherHostsStayAsTheyAre(_ name: String) { #expect(HostName.address(Array(name.utf8)) == nil) }

    @Test(arguments: [
        ("localhost", true), ("localhost.", true), ("a.localhost", true), ("a.b.localhost.", true),
        ("notlocalhost", false), ("localhost.example", false), ("localhost..", false), ("", false), (".", false),
    ])
    func namesForLoopbackAreKnown(_ name: String, _ isLoopback: Bool) {
        #expect(HostName.isLoopback(name) == isLoopback)
    }
}
