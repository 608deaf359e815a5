// Every row of IANA's registries of special-purpose addresses (RFC 6890, amended by RFC 8190) with the RFC that it names, and
// what these registries leave out. The rows that IANA calls globally reachable are included: they are anycast services of
// the network itself, and no ordinary server has such an address.
extension SpecialPurposeBlock {
    static let all = version4 + beyondVersion4 + version6 + beyondVersion6

    /// https://www.iana.org/assignments/iana-ipv4-special-registry
    static let version4: [SpecialPurposeBlock] = [
        SpecialPurposeBlock("0.0.0.0/8", "\"This network\"", "RFC 791"),
        SpecialPurposeBlock("0.0.0.0/32", "\"This host on this network\"", "RFC 1122"),
        SpecialPurposeBlock("10.0.0.0/8", "Private-Use", "RFC 1918"),
        SpecialPurposeBlock("100.64.0.0/10", "Shared Address Space", "RFC 6598"),
        SpecialPurposeBlock("127.0.0.0/8", "Loopback", "RFC 1122"),
        SpecialPurposeBlock("169.254.0.0/16", "Link Local", "RFC 3927"),
        SpecialPurposeBlock("172.16.0.0/12", "Private-Use", "RFC 1918"),
        SpecialPurposeBlock("192.0.0.0/24", "IETF Protocol Assignments", "RFC 6890"),
        SpecialPurposeBlock("192.0.0.0/29", "IPv4 Service Continuity Prefix", "RFC 7335"),
        SpecialPurposeBlock("192.0.0.8/32", "IPv4 dummy address", "RFC 7600"),
        SpecialPurposeBlock("192.0.0.9/32", "Port Control Protocol Anycast", "RFC 7723"),
        SpecialPurposeBlock("192.0.0.10/32", "Traversal Using Relays around NAT Anycast", "RFC 8155"),
        SpecialPurposeBlock("192.0.0.170/32", "NAT64/DNS64 Discovery", "RFC 7050"),
        SpecialPurposeBlock("192.0.0.171/32", "NAT64/DNS64 Discovery", "RFC 7050"),
        SpecialPurposeBlock("192.0.2.0/24", "Documentation (TEST-NET-1)", "RFC 5737"),
        SpecialPurposeBlock("192.31.196.0/24", "AS112-v4", "RFC 7535"),
        SpecialPurposeBlock("192.52.193.0/24", "AMT", "RFC 7450"),
        SpecialPurposeBlock("192.88.99.0/24", "Deprecated (6to4 Relay Anycast)", "RFC 7526"),
        SpecialPurposeBlock("192.88.99.2/32", "6a44-relay anycast address", "RFC 6751"),
        SpecialPurposeBlock("192.168.0.0/16", "Private-Use", "RFC 1918"),
        SpecialPurposeBlock("192.175.48.0/24", "Direct Delegation AS112 Service", "RFC 7534"),
        SpecialPurposeBlock("198.18.0.0/15", "Benchmarking", "RFC 2544"),
        SpecialPurposeBlock("198.51.100.0/24", "Documentation (TEST-NET-2)", "RFC 5737"),
        SpecialPurposeBlock("203.0.113.0/24", "Documentation (TEST-NET-3)", "RFC 5737"),
        SpecialPurposeBlock("240.0.0.0/4", "Reserved", "RFC 1112"),
        SpecialPurposeBlock("255.255.255.255/32", "Limited Broadcast", "RFC 8190"),
    ]

    /// Multicast, and a public address at which virtual machines reach their own host.
    static let beyondVersion4: [SpecialPurposeBlock] = [
        SpecialPurposeBlock("224.0.0.0/4", "Multicast", "RFC 5771"),
        // https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
        SpecialPurposeBlock("168.63.129.16/32", "the host of virtual machines at Azure", "Microsoft"),
    ]

    /// https://www.iana.org/assignments/iana-ipv6-special-registry
    static let version6: [SpecialPurposeBlock] = [
        SpecialPurposeBlock("::1/128", "Loopback Address", "RFC 4291"),
        SpecialPurposeBlock("::/128", "Unspecified Address", "RFC 4291"),
        // ::ffff:0:0/96, IPv4-mapped Address, RFC 4291, is not here: its addresses are compared as the IPv4 addresses in them.
        // Networks without IPv4 reach public servers by the next one.
        SpecialPurposeBlock("64:ff9b::/96", "IPv4-IPv6 Translat.", "RFC 6052", carriesVersion4: true),
        SpecialPurposeBlock("64:ff9b:1::/48", "IPv4-IPv6 Translat.", "RFC 8215"),
        SpecialPurposeBlock("100::/64", "Discard-Only Address Block", "RFC 6666"),
        SpecialPurposeBlock("100:0:0:1::/64", "Dummy IPv6 Prefix", "RFC 9780"),
        SpecialPurposeBlock("2001::/23", "IETF Protocol Assignments", "RFC 2928"),
        SpecialPurposeBlock("2001::/32", "TEREDO", "RFC 4380"),
        SpecialPurposeBlock("2001:1::1/128", "Port Control Protocol Anycast", "RFC 7723"),
        SpecialPurposeBlock("2001:1::2/128", "Traversal Using Relays around NAT Anycast", "RFC 8155"),
        SpecialPurposeBlock("2001:1::3/128", "DNS-SD Service Registration Protocol Anycast", "RFC 9665"),
        SpecialPurposeBlock("2001:2::/48", "Benchmarking", "RFC 5180"),
        SpecialPurposeBlock("2001:3::/32", "AMT", "RFC 7450"),
        SpecialPurposeBlock("2001:4:112::/48", "AS112-v6", "RFC 7535"),
        SpecialPurposeBlock("2001:10::/28", "Deprecated (previously ORCHID)", "RFC 4843"),
        SpecialPurposeBlock("2001:20::/28", "ORCHIDv2", "RFC 7343"),
        SpecialPurposeBlock("2001:30::/28", "Drone Remote ID Protocol Entity Tags (DETs) Prefix", "RFC 9374"),
        SpecialPurposeBlock("2001:db8::/32", "Documentation", "RFC 3849"),
        SpecialPurposeBlock("2002::/16", "6to4", "RFC 3056"),
        SpecialPurposeBlock("2620:4f:8000::/48", "Direct Delegation AS112 Service", "RFC 7534"),
        SpecialPurposeBlock("3fff::/20", "Documentation", "RFC 9637"),
        SpecialPurposeBlock("5f00::/16", "Segment Routing (SRv6) SIDs", "RFC 9602"),
        SpecialPurposeBlock("fc00::/7", "Unique-Local", "RFC 4193"),
        SpecialPurposeBlock("fe80::/10", "Link-Local Unicast", "RFC 4291"),
    ]

    /// https://www.iana.org/assignments/ipv6-address-space: everything but 2000::/3, which is Global Unicast.
    static let beyondVersion6: [SpecialPurposeBlock] = [
        SpecialPurposeBlock("::/96", "IPv4-Compatible (deprecated)", "RFC 4291"),
        SpecialPurposeBlock("fec0::/10", "Site-Local Unicast (deprecated)", "RFC 3879"),
        SpecialPurposeBlock("ff00::/8", "Multicast", "RFC 4291"),
        SpecialPurposeBlock("::/3", "Reserved by IETF", "RFC 4291"),
        SpecialPurposeBlock("4000::/2", "Reserved by IETF", "RFC 4291"),
        SpecialPurposeBlock("8000::/1", "Reserved by IETF", "RFC 4291"),
    ]
}
