/// `[user[:password]@]host[:port]` (RFC 3986 §3.2), of a URL or of a proxy.
struct Authority {
    private let userInformation: ArraySlice<UInt8>?
    private let hostBytes: ArraySlice<UInt8>
    private let portBytes: ArraySlice<UInt8>?

    init(_ bytes: ArraySlice<UInt8>) {
        let at = bytes.lastIndex(of: UInt8(ascii: "@"))
        userInformation = at.map { bytes[..<$0] }
        let hostAndPort = at.map { bytes[($0 + 1)...] } ?? bytes
        // In a bracketed address the colons before the bracket belong to the address.
        let hostEnd = hostAndPort.first == UInt8(ascii: "[") ? hostAndPort.endIndex : hostAndPort.startIndex
        let searched = hostAndPort[(hostAndPort.lastIndex(of: UInt8(ascii: "]")) ?? hostEnd)...]
        let colon = searched.firstIndex(of: UInt8(ascii: ":"))
        hostBytes = hostAndPort[..<(colon ?? hostAndPort.endIndex)]
        portBytes = colon.map { hostAndPort[($0 + 1)...] }
    }

    /// Lower case, without brackets.
    func host() throws(FletchError) -> String {
        if hostBytes.first == UInt8(ascii: "[") { return try Self.addressOfVersion6(hostBytes) }
        guard !hostBytes.isEmpty else { throw URLParts.invalid("it has no host") }
        guard let bytes = PercentEncoding.decode(hostBytes), bytes.allSatisfy(Self.isHostByte) else {
            throw URLParts.invalid(Self.wrongCharacter)
        }
        // What is encoded has capitals, too.
        let decoded = bytes.map(Self.lowercased)
        if let problem = HostName.problem(of: decoded) { throw URLParts.invalid(problem) }
        return HostName.address(decoded) ?? String(decoding: decoded, as: UTF8.self)
    }

    func port(default standard: UInt16) throws(FletchError) -> UInt16 {
        guard let portBytes, !portBytes.isEmpty else { return standard }
        let port = portBytes.reduce(0) { $0 > UInt16.max || !Self.isDigit($1) ? Int.max : $0 * 10 + Int($1 & 0xF) }
        guard let port = UInt16(exactly: port), port > 0 else {
            throw URLParts.invalid("its port is not a number from 1 to 65535")
        }
        return port
    }

    /// For `Authorization: Basic` (RFC 7617).
    func credentials() throws(FletchError) -> String? {
        guard let userInformation else { return nil }
        let colon = userInformation.firstIndex(of: UInt8(ascii: ":")) ?? userInformation.endIndex
        guard let user = PercentEncoding.decode(userInformation[..<colon]),
            let password = PercentEncoding.decode(userInformation[colon...].dropFirst())
        else { throw URLParts.invalid("its user information has a broken percent-encoding") }
        return Base64.encode(user + [UInt8(ascii: ":")] + password)
    }

    private static func addressOfVersion6(_ bytes: ArraySlice<UInt8>) throws(FletchError) -> String {
        let text = String(decoding: bytes, as: UTF8.self).lowercased()
        let inner = String(text.dropFirst().dropLast())
        guard text.hasSuffix("]"), SocketAddress(literal: inner, port: 0)?.isVersion6 == true else {
            throw URLParts.invalid("its bracketed host is not an IPv6 address")
        }
        return inner
    }

    static let wrongCharacter = "its host holds a character that no host name has"

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        // "-._~!$&'()*+,;="
        case 0x21, 0x24, 0x26...0x2E, 0x3B, 0x3D, 0x5F, 0x7E: true
        default: false
        }
    }
}
