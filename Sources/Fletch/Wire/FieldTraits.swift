import HTTPTypes

/// Which fields a request has of those that concern the client, whatever their values.
struct FieldTraits: OptionSet {
    let rawValue: UInt16

    init(rawValue: UInt16) { self.rawValue = rawValue }

    init(of fields: HTTPFields) {
        self = []
        for field in fields { insert(Self.trait(of: field.name.canonicalName)) }
    }

    static let host = FieldTraits(rawValue: 1)
    static let expect = FieldTraits(rawValue: 1 << 1)
    static let upgrade = FieldTraits(rawValue: 1 << 2)
    static let userAgent = FieldTraits(rawValue: 1 << 3)
    static let connection = FieldTraits(rawValue: 1 << 4)
    static let authorization = FieldTraits(rawValue: 1 << 5)
    static let contentLength = FieldTraits(rawValue: 1 << 6)
    static let idempotencyKey = FieldTraits(rawValue: 1 << 7)
    static let transferEncoding = FieldTraits(rawValue: 1 << 8)
    static let proxyAuthorization = FieldTraits(rawValue: 1 << 9)

    private static func trait(of name: String) -> FieldTraits {
        switch name.utf8.count {
        case 4 where name.isSame("host"): .host
        case 6 where name.isSame("expect"): .expect
        case 7 where name.isSame("upgrade"): .upgrade
        case 10 where name.isSame("user-agent"): .userAgent
        case 10 where name.isSame("connection"): .connection
        case 13 where name.isSame("authorization"): .authorization
        case 14 where name.isSame("content-length"): .contentLength
        case 15 where name.isSame("idempotency-key"): .idempotencyKey
        case 17 where name.isSame("transfer-encoding"): .transferEncoding
        case 19 where name.isSame("proxy-authorization"): .proxyAuthorization
        default: []
        }
    }
}

extension String {
    /// - Parameter other: Of the same length. Comparing bytes takes a fraction of what comparing strings does.
    fileprivate func isSame(_ other: StaticString) -> Bool {
        var text = self
        return text.withUTF8 { bytes in
            other.withUTF8Buffer { other in bytes.elementsEqual(other) }
        }
    }
}
