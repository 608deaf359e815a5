import ArgumentParser
import Fletch
import HTTPTypes

/// Makes requests of the options.
struct RequestBuilder {
    let options: RequestOptions
    let lines: FieldLines
    let bodyOptions: BodyOptions
    let connection: ConnectionOptions

    /// One for each URL.
    func requests(for urls: [String]) throws -> [FletchRequest] {
        let data = try BodyReader.data(bodyOptions)
        let body = try body(data)
        let fields = try fields(hasData: data != nil)
        let method = try method(body)
        let socketPath = try connection.unixSocket.map(CallerFile.socketPath)
        return urls.map { url in
            var request = FletchRequest(method, address(url, data), fields: fields, body: body)
            request.unixSocketPath = socketPath
            return request
        }
    }

    private func body(_ data: FletchRequest.Body?) throws -> FletchRequest.Body {
        if let path = bodyOptions.uploadFile { return try BodyReader.upload(path) }
        if bodyOptions.get { return .none }
        if data != nil, options.head { throw ValidationError("-I has no body: leave -d out, or add -G") }
        return data ?? .none
    }

    private func method(_ body: FletchRequest.Body) throws -> HTTPRequest.Method {
        if let name = options.request {
            guard let method = HTTPRequest.Method(name) else {
                throw FletchError(
                    .invalidRequest, .notSent, "the request is malformed: -X holds a character that no method has")
            }
            return method
        }
        if options.head { return .head }
        if bodyOptions.uploadFile != nil { return .put }
        return body == .none ? .get : .post
    }

    // MARK: The URL

    private func address(_ url: String, _ data: FletchRequest.Body?) -> String {
        let absolute = url.contains("://") ? url : "http://" + url
        let (address, fragment) = Self.split(absolute)
        if bodyOptions.get, case .bytes(let bytes)? = data {
            let query = ByteText.text(bytes)
            return address + (address.contains("?") ? "&" : "?") + query + fragment
        }
        return withFileName(address) + fragment
    }

    private static func split(_ url: String) -> (String, String) {
        let end = url.firstIndex(of: "#") ?? url.endIndex
        return (String(url[..<end]), String(url[end...]))
    }

    /// As curl: a URL that names a folder gets the name of the file that is uploaded to it.
    private func withFileName(_ address: String) -> String {
        guard let path = bodyOptions.uploadFile, path != "-" else { return address }
        let rest = address.drop { $0 != ":" }.dropFirst(3)
        let isFolder = rest.hasSuffix("/") || !rest.contains("/")
        guard isFolder, !rest.contains("?"), let name = path.split(separator: "/").last else { return address }
        return address + (rest.hasSuffix("/") ? "" : "/") + PercentEncoding.encode(String(name))
    }

    // MARK: The fields

    private func fields(hasData: Bool) throws -> HTTPFields {
        var fields = lines.fields
        if let user = options.user, fields[.authorization] == nil {
            let bytes = ByteText.bytes(user)
            guard bytes.contains(UInt8(ascii: ":")) else {
                throw ValidationError("-u: write user:password; fletch does not ask")
            }
            fields[.authorization] = "Basic " + Base64.encode(bytes)
        }
        // The client's own is text, which this need not be.
        if let agent = options.userAgent, !agent.isEmpty, fields[.userAgent] == nil, !lines.leavesOut("user-agent") {
            fields.append(try HTTPField(.userAgent, bytes: ByteText.bytes(agent)))
        }
        let isJSON = !bodyOptions.json.isEmpty
        if hasData, !bodyOptions.get, fields[.contentType] == nil, !lines.leavesOut("content-type") {
            fields[.contentType] = isJSON ? "application/json" : "application/x-www-form-urlencoded"
        }
        if isJSON, fields[.accept] == nil, !lines.leavesOut("accept") { fields[.accept] = "application/json" }
        return fields
    }
}
