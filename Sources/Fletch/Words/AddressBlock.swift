/// A block of IP addresses, as CIDR writes it: `10.0.0.0/8`, `fd00::/8` (RFC 4632 §3.1, RFC 4291 §2.3).
///
/// A block of IPv4-mapped addresses is the block of the IPv4 addresses that they carry: `::ffff:10.0.0.0/104` equals
/// `10.0.0.0/8`.
public struct AddressBlock: Sendable, Hashable, LosslessStringConvertible {
    private let first: SocketAddress
    private let firstBits: UInt128
    let prefixLength: Int

    /// A block from its text; nil if it is none.
    ///
    /// Nothing is guessed: there are no names, no short forms (`10/8`), no zones and no spaces, and no bit is set behind
    /// the prefix (`10.0.0.1/8`).
    /// - Parameter text: The first address, a slash and the length of the prefix; an address by itself is a block of one.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard !text.utf8.contains(0), let address = SocketAddress(literal: String(parts[0]), port: 0),
            let width = address.bitWidth, let length = parts.count == 1 ? width : Self.length(parts[1], atMost: width)
        else { return nil }
        // Short of that length it holds other addresses as well.
        let isMapped = address.isMapped && length >= Self.mappedPrefixLength
        first = isMapped ? address.unmapped : address
        prefixLength = isMapped ? length - Self.mappedPrefixLength : length
        guard let bits = first.bits else { return nil }
        firstBits = bits
        guard self.bits(behindPrefixOf: bits) == 0 else { return nil }
    }

    /// Whether `address` is one of the block; a Unix socket is in none. An IPv4-mapped address (`::ffff:10.0.0.1`) is in
    /// those of the IPv4 address that it carries, and in no other: that is what the kernel connects to.
    public func contains(_ address: SocketAddress) -> Bool {
        guard let (bits, width) = address.unmappedBits, width == first.bitWidth else { return false }
        return bits - self.bits(behindPrefixOf: bits) == firstBits
    }

    /// `10.0.0.0/8`, `fd00::/8`; of a block of one with `/32` or `/128`.
    public var description: String { "\(first.ipAddress ?? "")/\(prefixLength)" }

    private func bits(behindPrefixOf bits: UInt128) -> UInt128 {
        bits & ~(UInt128.max << UInt128((first.bitWidth ?? 0) - prefixLength))
    }

    /// Digits only, as it would be written.
    private static func length(_ text: Substring, atMost width: Int) -> Int? {
        guard let length = Int(text), (0...width).contains(length), text == "\(length)" else { return nil }
        return length
    }

    private static let mappedPrefixLength = 96
}
