import Foundation

/// A job, as a client of an ``OptionLoad`` describes it in a request.
struct OptionDraft: Encodable {
    let body: String
    var delay: Int?
    var retry: [Int]?
    var group: String?
    var until: String?
    var expiresAt: String?
    var callback: String?
    var failureCallback: String?

    init(_ body: String) { self.body = body }

    var json: String { (try? JSONEncoder().encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "" }

    mutating func expire(at moment: Date) {
        let format = ISO8601DateFormatter()
        format.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        expiresAt = format.string(from: moment)
    }
}
