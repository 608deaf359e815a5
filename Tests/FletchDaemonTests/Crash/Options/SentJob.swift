import Foundation

/// A job that a client of an ``OptionLoad`` has sent, and what the client knows of it.
struct SentJob: Sendable {
    let kind: OptionKind
    let fate: OptionFate
    let body: String
    let group: String?
    let retryCount: Int
    /// Of the API.
    let path: String
    /// The body of the request, the same bytes each time it is sent.
    let json: String
    /// The `Idempotency-Key` of the request; nil for none, and then it is sent only once.
    let key: String?
    /// The body of the 201 response; nil if none has come.
    var answer: String?
    /// The moment before its client asked to resume the queue, if the queue was paused when the job was sent.
    var notBefore: ContinuousClock.Instant?

    init(_ kind: OptionKind, _ fate: OptionFate, _ draft: OptionDraft, key: String?, at target: OptionTarget) {
        self.kind = kind
        self.fate = fate
        self.key = key
        body = draft.body
        group = draft.group
        retryCount = draft.retry?.count ?? 0
        json = draft.json
        path =
            kind == .published
            ? "/topics/\(OptionTarget.topic)" : API.path(target.url(OptionTarget.path(kind, fate)))
    }

    var isAccepted: Bool { answer != nil }

    /// Whether it becomes a dead letter because of how its endpoint answers.
    var dies: Bool { kind != .acknowledged && (fate == .fails || fate == .ends) }

    /// The ids of the stored jobs, from the answer; empty without one.
    var answeredIDs: Set<String> {
        struct Stored: Decodable { let id: String }
        guard let answer else { return [] }
        let list = kind == .published ? answer : "[\(answer)]"
        let stored = try? JSONDecoder().decode([Stored].self, from: Data(list.utf8))
        return Set((stored ?? []).map(\.id))
    }
}
