import Fletch
import FoundationEssentials
import HTTPTypes

/// One line of a volley: a URL, or a request as JSON; vegeta's JSON targets are such requests.
struct RequestLine: Decodable {
    /// What is wrong with a line.
    struct Fault: Error {
        let message: String
    }

    private let url: String
    private var method: String?
    private var header: Fields?
    private var headers: Fields?
    /// Base64.
    private var body: String?
    private var bodyText: String?
    private var bodyFile: String?

    private enum CodingKeys: String, CodingKey {
        case url, method, header, headers, body
        case bodyText = "body_text"
        case bodyFile = "body_file"
    }

    /// A field's value, or its values.
    private enum Fields: Decodable {
        case pairs([(String, [String])])

        init(from decoder: any Decoder) throws {
            let members = try decoder.singleValueContainer().decode([String: Values].self)
            self = .pairs(members.sorted { $0.key < $1.key }.map { ($0.key, $0.value.all) })
        }
    }

    private struct Values: Decodable {
        let all: [String]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            all = try (try? [container.decode(String.self)]) ?? container.decode([String].self)
        }
    }
}

extension RequestLine {
    /// The request of a line.
    /// - Parameter prototype: What holds where the line says nothing; its URL does not matter.
    static func request(
        _ line: ArraySlice<UInt8>, like prototype: FletchRequest, with urls: URLBuilder = URLBuilder()
    ) throws(Fault) -> FletchRequest {
        guard line.first == UInt8(ascii: "{") else {
            return prototype.with(url: urls.url(ByteText.text(line)))
        }
        do {
            return try JSONDecoder().decode(RequestLine.self, from: Data(line)).request(like: prototype, with: urls)
        } catch let fault as Fault {
            throw fault
        } catch {
            throw Fault(message: "not a request: \(Self.words(error))")
        }
    }

    private func request(like prototype: FletchRequest, with urls: URLBuilder) throws(Fault) -> FletchRequest {
        let ownBody = try chosenBody()
        var urls = urls
        if ownBody != nil { urls.uploadPath = nil }
        var request = FletchRequest(
            try chosenMethod(ownBody, prototype), urls.url(url), fields: try chosenFields(prototype.fields),
            body: ownBody ?? prototype.body)
        request.unixSocketPath = prototype.unixSocketPath
        return request
    }

    private func chosenMethod(
        _ ownBody: FletchRequest.Body?, _ prototype: FletchRequest
    ) throws(Fault) -> HTTPRequest.Method {
        guard let method, !method.isEmpty else {
            return ownBody != nil && prototype.method == .get ? .post : prototype.method
        }
        guard let chosen = HTTPRequest.Method(method) else {
            throw Fault(message: "the method holds a character that no method has")
        }
        return chosen
    }

    /// Fields of the line take the place of the defaults of their names.
    private func chosenFields(_ defaults: HTTPFields) throws(Fault) -> HTTPFields {
        var own = HTTPFields()
        for case .pairs(let pairs)? in [header, headers] {
            for (text, values) in pairs {
                guard let name = HTTPField.Name(text) else {
                    throw Fault(message: "the field name '\(text)' holds a character that no name has")
                }
                do throws(FletchError) {
                    for value in values { own.append(try HTTPField(name, bytes: value.utf8)) }
                } catch {
                    throw Fault(message: error.message)
                }
            }
        }
        var fields = defaults
        for field in own { fields[values: field.name] = [] }
        fields.append(contentsOf: own)
        return fields
    }

    private func chosenBody() throws(Fault) -> FletchRequest.Body? {
        let given = [body, bodyText, bodyFile].count { $0 != nil }
        guard given < 2 else { throw Fault(message: "body, body_text and body_file exclude each other") }
        if let bodyText { return .utf8(bodyText) }
        if let bodyFile {
            guard !bodyFile.utf8.contains(0) else {
                throw Fault(message: "body_file holds a NUL: no file has such a name")
            }
            return .file(bodyFile)
        }
        guard let body else { return nil }
        guard let bytes = Data(base64Encoded: body) else {
            throw Fault(message: "body is not base64: use body_text for plain text")
        }
        return .bytes(Array(bytes))
    }

    private static func words(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "\(key.stringValue) is missing"
        case DecodingError.valueNotFound(_, let context):
            "\(context.codingPath.map(\.stringValue).joined(separator: ".")) is null"
        case DecodingError.typeMismatch(_, let context):
            "\(context.codingPath.map(\.stringValue).joined(separator: ".")) has the wrong type"
        case DecodingError.dataCorrupted(let context): context.debugDescription
        default: "\(error)"
        }
    }
}
