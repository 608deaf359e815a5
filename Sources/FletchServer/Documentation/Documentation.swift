import HTTPTypes
import NIOCore

/// What the API says about itself: an OpenAPI document, and a page made from it.
enum Documentation {
    static let openAPI = PackageResources.openapi_json

    /// Needs nothing from anywhere else.
    static let page = """
        <!doctype html><html lang="en"><meta charset="utf-8"><title>fletchd</title>
        <style>body{font:16px/1.5 sans-serif;max-width:50em;margin:2em auto;padding:0 1em}code{font-size:1.1em}</style>
        <h1>fletchd</h1>
        <p>The whole of it, for programs: <a href="/documentation/json">OpenAPI</a>.</p>
        \(operations)
        </html>
        """

    private static var operations: String {
        let paths = openAPI.withUnsafeBufferPointer(JSONParser.value)?["paths"]?.members ?? []
        return paths.flatMap { path in
            (path.value.members).map { section(of: path.name, $0.name, $0.value) }
        }.joined(separator: "\n")
    }

    private static func section(of path: String, _ method: String, _ operation: JSONValue) -> String {
        let answers = (operation["responses"]?.members ?? []).map { answer in
            "<li><code>\(answer.name)</code> \(escaped(answer.value["description"]?.text))</li>"
        }
        return """
            <h2><code>\(method.uppercased()) \(escaped(path))</code></h2>
            <p>\(escaped(operation["summary"]?.text)) \(escaped(operation["description"]?.text))</p>
            <ul>\(answers.joined())</ul>
            """
    }

    private static func escaped(_ text: String?) -> String {
        (text ?? "").reduce(into: "") { escaped, character in
            switch character {
            case "<": escaped += "&lt;"
            case "&": escaped += "&amp;"
            default: escaped.append(character)
            }
        }
    }
}

extension JSONValue {
    fileprivate var members: [Member] { if case .object(let members) = self { members } else { [] } }
    fileprivate var text: String? { if case .string(let text) = self { text } else { nil } }
}

extension APIResponse {
    static let openAPI = APIResponse(
        status: .ok, fields: [.contentType: "application/json; charset=utf-8"],
        body: ByteBuffer(bytes: Documentation.openAPI))
}
