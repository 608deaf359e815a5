import ArgumentParser
import Fletch
import HTTPTypes

/// Makes requests of the options.
struct RequestBuilder {
    let options: RequestOptions
    let lines: FieldLines
    let bodyOptions: BodyOptions
    let connection: ConnectionOptions

    /// A request without a URL, and what makes one of those that are given.
    func prototype() throws -> (request: FletchRequest, urls: URLBuilder) {
        let data = try BodyReader.data(bodyOptions)
        let body = try body(data)
        if body != .none, lines.leavesOut("content-length") {
            throw ValidationError("-H 'Content-Length:': without this field the server would not find the body's end")
        }
        var request = FletchRequest(try method(body), "", fields: try fields(hasData: data != nil), body: body)
        request.unixSocketPath = try connection.unixSocket.map(CallerFile.socketPath)
        var urls = URLBuilder(
            uploadPath: bodyOptions.uploadFile, leavesCredentialsOut: lines.leavesOut("authorization"))
        if bodyOptions.get, case .bytes(let bytes)? = data { urls.query = ByteText.text(bytes) }
        return (request, urls)
    }

    /// One for each URL.
    func requests(for urls: [String]) throws -> [FletchRequest] {
        let (prototype, builder) = try prototype()
        return urls.map { prototype.with(url: builder.url($0)) }
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

    // MARK: The fields

    private func fields(hasData: Bool) throws -> HTTPFields {
        var fields = lines.fields
        if let user = options.user, fields[.authorization] == nil, !lines.leavesOut("authorization") {
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

extension FletchRequest {
    /// The same, to another place.
    func with(url: String) -> FletchRequest {
        var request = FletchRequest(method, url, fields: fields, body: body)
        request.unixSocketPath = unixSocketPath
        return request
    }
}

extension FletchRequest.Body {
    var isFile: Bool { if case .file = self { true } else { false } }
}
