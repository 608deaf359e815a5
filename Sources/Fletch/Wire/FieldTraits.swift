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

    /// Lengths are compared first, which takes a fraction of what a comparison of strings does.
    private static func trait(of name: String) -> FieldTraits {
        switch (name.utf8.count, name) {
        case (4, "host"): .host
        case (6, "expect"): .expect
        case (7, "upgrade"): .upgrade
        case (10, "user-agent"): .userAgent
        case (10, "connection"): .connection
        case (13, "authorization"): .authorization
        case (14, "content-length"): .contentLength
        case (15, "idempotency-key"): .idempotencyKey
        case (17, "transfer-encoding"): .transferEncoding
        case (19, "proxy-authorization"): .proxyAuthorization
        default: []
        }
    }
}
