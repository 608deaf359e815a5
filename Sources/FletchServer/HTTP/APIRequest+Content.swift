import HTTPTypes
import NIOCore

extension APIRequest {
    /// The body, by its content type, in the cases in which Fastify reads it.
    /// - Returns: nil where there is none.
    func content() throws(APIResponse) -> JSONValue? {
        let type = fields.value(of: .contentType)
        switch method {
        case .post, .put: if type == nil, body.readableBytes == 0, !fields.contains(.transferEncoding) { return nil }
        case .delete: if type == nil || !announcesBody { return nil }
        default: return nil
        }
        return try content(of: type)
    }

    private func content(of type: String?) throws(APIResponse) -> JSONValue {
        switch Self.mediaType(type ?? "") {
        case "application/json": return try json()
        case "text/plain": return .string(String(buffer: body))
        default: throw .unsupported(contentType: type)
        }
    }

    private func json() throws(APIResponse) -> JSONValue {
        guard body.readableBytes > 0 else { throw .emptyJSON }
        let value = body.withUnsafeReadableBytes { bytes in
            bytes.withMemoryRebound(to: UInt8.self, JSONParser.value)
        }
        guard let value else { throw .malformedJSON }
        return value
    }

    private static func mediaType(_ type: String) -> String {
        let essence = type.utf8.prefix { $0 != UInt8(ascii: ";") }.filter { $0 != 0x20 && $0 != 0x09 }
        return String(decoding: essence, as: UTF8.self).lowercased()
    }
}
