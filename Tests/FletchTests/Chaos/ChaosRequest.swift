import HTTPTypes

@testable import Fletch

/// One of the requests of a chaos run, all that it is told by its number.
struct ChaosRequest {
    enum Safety: Int, CaseIterable { case get, head, put, post, keyedPost }

    let id: Int
    let safety: Safety
    let bodyBytes: Int

    init(_ id: Int) {
        var generator = SeededGenerator(7, id)
        self.id = id
        safety = Safety.allCases[generator.number(in: 0..<Safety.allCases.count)]
        switch safety {
        case .get, .head: bodyBytes = 0
        default: bodyBytes = [0, 10, 1_000, 30_000][generator.number(in: 0..<4)]
        }
    }

    /// Whether sending it twice does no harm.
    var isRepeatable: Bool { safety != .post }

    var method: HTTPRequest.Method {
        switch safety {
        case .get: .get
        case .head: .head
        case .put: .put
        case .post, .keyedPost: .post
        }
    }

    /// What is to arrive as its body.
    var body: [UInt8] { Array(String(repeating: "\(id),", count: bodyBytes).utf8.prefix(bodyBytes)) }

    func request(to url: String) -> FletchRequest {
        var fields: HTTPFields = [:]
        if safety == .keyedPost, let name = HTTPField.Name("Idempotency-Key") { fields[name] = "\(id)" }
        return FletchRequest(
            method, "\(url)/\(id)", fields: fields, body: method == .post || method == .put ? .bytes(body) : .none)
    }

    /// The number in the first line of a head, also where the rest of it is missing.
    static func id(in head: some StringProtocol) -> Int? {
        let words = head.prefix { $0 != "\r\n" }.split(separator: " ", omittingEmptySubsequences: false)
        return words.count > 2 ? Int(words[1].dropFirst()) : nil
    }
}
