import Glibc

/// Whether a host can be looked up, or is an IPv4 address: what can never be is better said before anything is sent.
enum HostName {
    /// - Returns: nil where there is none.
    static func problem(of name: [UInt8]) -> String? {
        var scan = Scan()
        // A dot at the end stands for the root (RFC 1034 §3.1).
        let end = name.count > 1 && name.last == dot ? name.count - 1 : name.count
        for index in 0..<end {
            guard name[index] != dot else {
                scan.endLabel()
                continue
            }
            scan.read(name[index])
        }
        scan.endLabel()
        // One at the beginning would have OpenSSL accept the certificate of any subdomain.
        if scan.hasEmptyLabel { return "its host has an empty label" }
        if scan.longestLabel > 63 || end > 253 {
            return "its host is longer than names are: 253 bytes, and 63 between dots (RFC 1035)"
        }
        guard scan.isNumeric, !scan.isDottedQuad, !isAddress(name[..<end]) else { return nil }
        return "its host is no IPv4 address"
    }

    /// The address that a host stands for which the C library reads in other ways than as four numbers: `127.1`, `0x7f.1`.
    /// As itself it is no name that a certificate could have.
    static func address(_ name: [UInt8]) -> String? {
        guard let first = name.first, first >= UInt8(ascii: "0"), first <= UInt8(ascii: "9") else { return nil }
        let text = String(decoding: name.last == dot ? name.dropLast() : name[...], as: UTF8.self)
        var address = in_addr()
        guard inet_pton(AF_INET, text, &address) != 1 || name.last == dot, inet_aton(text, &address) != 0 else {
            return nil
        }
        return withUnsafeBytes(of: address) { $0.map(String.init).joined(separator: ".") }
    }

    /// Whether it stands for loopback, whatever a name server says of it (RFC 6761 §6.3).
    static func isLoopback(_ name: String) -> Bool {
        let labels = name.hasSuffix(".") ? name.dropLast() : name[...]
        return labels == "localhost" || labels.hasSuffix(".localhost")
    }

    private struct Scan {
        private var length = 0
        /// Of the label as a decimal number; out of range once it is none.
        private var value = 0
        private var labelCount = 0
        private var octetCount = 0
        private(set) var longestLabel = 0
        private(set) var hasEmptyLabel = false
        /// Whether it has digits and dots only.
        private(set) var isNumeric = true

        var isDottedQuad: Bool { isNumeric && labelCount == 4 && octetCount == 4 }

        mutating func read(_ byte: UInt8) {
            length += 1
            let isDigit = byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
            value = isDigit && value >= 0 ? min(value * 10 + Int(byte & 0xF), 256) : -1
        }

        mutating func endLabel() {
            if length == 0 { hasEmptyLabel = true }
            longestLabel = max(longestLabel, length)
            labelCount += 1
            if value < 0 { isNumeric = false }
            if value < 256 { octetCount += 1 }
            (length, value) = (0, 0)
        }
    }

    /// Whether the C library takes it for one: `127.1`, too.
    private static func isAddress(_ name: ArraySlice<UInt8>) -> Bool {
        var address = in_addr()
        return inet_aton(String(decoding: name, as: UTF8.self), &address) != 0
    }

    private static let dot = UInt8(ascii: ".")
}
