import Foundation
import HTTPTypes
import NIOCore
import Testing

@testable import FletchServer

/// What a client is given.
struct Answer: CustomStringConvertible {
    let status: Int
    let fields: HTTPFields
    let text: String

    init(_ response: APIResponse) {
        status = response.status.code
        fields = response.fields
        text = String(buffer: response.body)
    }

    /// With all that is sent piece by piece.
    static func whole(_ response: APIResponse) async throws -> Answer {
        var response = response
        guard let stream = response.stream else { return Answer(response) }
        try await stream.send { response.body.writeImmutableBuffer($0) }
        if let byteCount = stream.byteCount { #expect(byteCount == response.body.readableBytes) }
        return Answer(response)
    }

    init(brokenOffBy error: any Error) {
        status = 0
        fields = [:]
        text = "\(error)"
    }

    var json: JSONValue? { text.json }
    var message: JSONValue? { json?["message"] }
    var description: String { "\(status) \(text)" }

    /// Whether that is all of it.
    func isInvalid(_ message: String) -> Bool {
        status == 400 && text == #"{"statusCode":400,"error":"Bad Request","message":"\#(message)"}"#
    }
}

extension String {
    var json: JSONValue? {
        Array(utf8).withUnsafeBufferPointer(JSONParser.value)
    }

    /// As one segment of a path: `encodeURIComponent`.
    var encoded: String {
        addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(.init(charactersIn: "-_.!~*'()"))) ?? self
    }
}

let endpoint = "https://example.com/api/queue"
let queue = "/queues/" + endpoint.encoded
