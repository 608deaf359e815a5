import Foundation

/// What a client of an ``OptionLoad`` has asked for, and what it knows of it.
struct SentJob: Sendable {
    let kind: OptionKind
    let fate: OptionFate
    let body: String
    let group: String?
    let retryCount: Int
    /// Of the API.
    let path: String
    /// The same bytes each time that it is asked for.
    let json: String
    /// The `Idempotency-Key` that it is asked for with; nil for none: then it is asked for once.
    let key: String?
    /// The body of the 201; nil if none has come.
    var answer: String?
    /// Its queue was paused, and was not to be resumed before then.
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

    /// Whether its endpoint makes a dead letter of it.
    var dies: Bool { kind != .acknowledged && (fate == .fails || fate == .ends) }

    /// The ids of the jobs that were stored, as far as the client has been told.
    var answeredIDs: Set<String> {
        struct Stored: Decodable { let id: String }
        guard let answer else { return [] }
        let list = kind == .published ? answer : "[\(answer)]"
        let stored = try? JSONDecoder().decode([Stored].self, from: Data(list.utf8))
        return Set((stored ?? []).map(\.id))
    }
}
