/// A block of addresses that are no ordinary hosts of the public internet, and who says so.
struct SpecialPurposeBlock: Sendable {
    let block: AddressBlock
    /// As the registry names it.
    let name: String
    let source: String
    /// Whether an address in it is judged as the IPv4 address in its last 32 bits.
    let carriesVersion4: Bool

    init(_ block: String, _ name: String, _ source: String, carriesVersion4: Bool = false) {
        // Leaving the row out would allow its addresses.
        guard let block = AddressBlock(block) else { preconditionFailure("\(block) is no block of addresses") }
        self.block = block
        self.name = name
        self.source = source
        self.carriesVersion4 = carriesVersion4
    }

    /// Why `address` is not public; nil if it is.
    static func reason(against address: SocketAddress) -> String? {
        guard let found = smallest(with: address) else { return nil }
        guard found.carriesVersion4, let carried = address.carried else { return found.description }
        return reason(against: carried).map { "it carries \(carried.ipAddress ?? ""), and \($0)" }
    }

    /// The smallest block that `address` is in.
    static func smallest(with address: SocketAddress) -> SpecialPurposeBlock? {
        all.lazy.filter { $0.block.contains(address) }.max { $0.block.prefixLength < $1.block.prefixLength }
    }
}

extension SpecialPurposeBlock: CustomStringConvertible {
    /// `127.0.0.0/8 is Loopback, RFC 1122`.
    var description: String { "\(block) is \(name), \(source)" }
}
