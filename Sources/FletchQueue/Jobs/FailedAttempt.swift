/// A delivery that has failed.
package struct FailedAttempt: Hashable, Sendable {
    /// How many of a job are kept: the last ones.
    package static let keptCount = 20
    /// How much of what the endpoint has said is kept.
    package static let keptAnswerBytes = 1_024

    /// The job's, at the time.
    package let count: Int
    /// Which delivery of its run, from 1.
    package let attempt: Int
    package let startedAt: Timestamp
    /// In milliseconds.
    package let duration: Int64
    package let outcome: JobOutcome
    /// nil where no answer came.
    package let status: Int?
    /// The code of Fletch's error; nil where an answer came.
    package let error: String?
    package let answer: String?

    /// Returns the beginning of what an endpoint has said as text; nil where it has said nothing.
    package static func answer(in bytes: [UInt8]) -> String? {
        guard !bytes.isEmpty else { return nil }
        let text = String(decoding: bytes.prefix(keptAnswerBytes), as: UTF8.self)
        // What is cut off in the middle, or is no UTF-8, has become longer.
        var (end, count) = (text.startIndex, 0)
        for scalar in text.unicodeScalars {
            count += UTF8.width(scalar)
            guard count <= keptAnswerBytes else { break }
            text.unicodeScalars.formIndex(after: &end)
        }
        let isCut = bytes.count > keptAnswerBytes && bytes[keptAnswerBytes] & 0xC0 == 0x80
        let answer = text[..<end]
        return String(isCut && answer.unicodeScalars.last == "\u{FFFD}" ? answer.dropLast() : answer)
    }

    package init(
        count: Int, attempt: Int, startedAt: Timestamp, duration: Int64, outcome: JobOutcome, status: Int? = nil,
        error: String? = nil, answer: String? = nil
    ) {
        self.count = count
        self.attempt = attempt
        self.startedAt = startedAt
        self.duration = duration
        self.outcome = outcome
        self.status = status
        self.error = error
        self.answer = answer
    }
}
