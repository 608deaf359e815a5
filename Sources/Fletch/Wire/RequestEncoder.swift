import HTTPTypes

/// Writes the head of a request (RFC 9112 §3): request line, fields, empty line.
struct RequestEncoder {
    let target: RequestTarget
    /// The proxy the request goes to, in absolute form (RFC 9112 §3.2.2).
    let proxy: Proxy?
    let userAgent: String?

    /// - Parameter bodyBytes: nil where there is no body.
    func encode(
        _ method: HTTPRequest.Method, fields: HTTPFields, bodyBytes: Int?
    ) throws(FletchError) -> [UInt8] {
        var head: [UInt8] = []
        head.reserveCapacity(512)
        try append(line: method.rawValue, to: &head)
        let present = FieldTraits(of: fields)
        try Self.checkFraming(fields, present, bodyBytes: bodyBytes)
        if !present.contains(.host) { Self.append("Host: ", target.authority, to: &head) }
        if !present.contains(.userAgent), let userAgent {
            try Self.check(userAgent.utf8, "the User-Agent")
            Self.append("User-Agent: ", userAgent, to: &head)
        }
        if !present.contains(.authorization), let credentials = target.credentials {
            Self.append("Authorization: Basic ", credentials, to: &head)
        }
        if !present.contains(.proxyAuthorization), let credentials = proxy?.credentials {
            Self.append("Proxy-Authorization: Basic ", credentials, to: &head)
        }
        for field in fields { try Self.append(field, to: &head) }
        if !present.contains(.contentLength), let length = bodyBytes ?? Self.emptyLength(method) {
            Self.append("Content-Length: ", String(length), to: &head)
        }
        head.append(contentsOf: "\r\n".utf8)
        return head
    }

    private static func checkFraming(
        _ fields: HTTPFields, _ present: FieldTraits, bodyBytes: Int?
    ) throws(FletchError) {
        if present.contains(.contentLength), fields[values: .contentLength] != [String(bodyBytes ?? 0)] {
            throw invalid("Content-Length is not the body's: leave it out, it is added")
        }
        if present.contains(.transferEncoding) {
            throw invalid("Transfer-Encoding contradicts the body's framing: leave it out")
        }
    }

    private func append(line method: String, to head: inout [UInt8]) throws(FletchError) {
        guard !method.isEmpty, method.utf8.allSatisfy(Self.isTokenByte) else {
            throw Self.invalid("the method holds a character that no method has")
        }
        head.append(contentsOf: method.utf8)
        head.append(UInt8(ascii: " "))
        if proxy != nil {
            head.append(contentsOf: "http://".utf8)
            head.append(contentsOf: target.authority.utf8)
        }
        // `RequestTarget.parse` has let only printable ASCII through.
        head.append(contentsOf: target.path.utf8)
        head.append(contentsOf: " HTTP/1.1\r\n".utf8)
    }

    private static func append(_ field: HTTPField, to head: inout [UInt8]) throws(FletchError) {
        // `HTTPFields` has let only a token through.
        let name = field.name.rawName
        head.append(contentsOf: name.utf8)
        head.append(contentsOf: ": ".utf8)
        try field.withUnsafeBytesOfValue { value throws(FletchError) in
            try check(value, "the field \(name)")
            head.append(contentsOf: value)
        }
        head.append(contentsOf: "\r\n".utf8)
    }

    private static func append(_ name: StaticString, _ value: String, to head: inout [UInt8]) {
        head.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        head.append(contentsOf: value.utf8)
        head.append(contentsOf: "\r\n".utf8)
    }

    /// Whether a method without a body says that it is empty (RFC 9110 §8.6).
    private static func emptyLength(_ method: HTTPRequest.Method) -> Int? {
        method == .post || method == .put || method == .patch ? 0 : nil
    }

    private static func check(_ value: some Sequence<UInt8>, _ what: @autoclosure () -> String) throws(FletchError) {
        if value.contains(where: \.isControlOfField) {
            throw invalid("\(what()) holds a line break or another control character: remove it")
        }
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        // "!#$%&'*+-.^_`|~"
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60, 0x7C, 0x7E: true
        default: false
        }
    }

    private static func invalid(_ why: String) -> FletchError {
        FletchError(.invalidRequest, .notSent, "the request is malformed: \(why)")
    }
}

extension UInt8 {
    /// Whether a field's value must not have it: a control character other than a tab (RFC 9110 §5.5).
    package var isControlOfField: Bool { self < 0x20 && self != 0x09 || self == 0x7F }
}
