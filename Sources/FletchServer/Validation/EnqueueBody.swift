internal import FletchQueue

/// The body of an enqueue, or an element of a batch, once its types are right.
struct EnqueueBody {
    private var draft = JobDraft()
    private var repeats: RepeatBody?
    /// Two keys of which each excludes the other.
    private var contradiction: (String, String)?

    init(_ value: JSONValue) throws(Violation) {
        let object = try value.asObject()
        let text = try object.member("body") { value throws(Violation) in try value.asString() }
        draft.body = .text(text ?? "")
        draft.runAt = try object.member("runAt", Self.moment)
        draft.delay = try object.member("delay", Self.milliseconds)
        draft.id = try object.member("id", Self.id)
        draft.overrides = try object.member("override") { value throws(Violation) in try value.asBool() } ?? false
        draft.isExclusive = try object.member("exclusive") { value throws(Violation) in try value.asBool() } ?? false
        if let waits = try object.member("retry", Self.waits) { draft.retry = RetrySchedule(waits: waits) }
        repeats = try object.member("repeat", RepeatBody.init)
        draft.options = try Self.options(object)
        draft.group = try object.member("group", Self.group)
        let bytes = try object.member("bodyBase64", Base64Body.bytes)
        if let bytes { draft.body = Payload(bytes) }
        if text != nil, bytes != nil { contradiction = ("body", "bodyBase64") }
        if !draft.retry.waits.isEmpty, draft.options.retryPolicy != nil { contradiction = ("retry", "retryPolicy") }
    }

    /// - Parameter index: Its place in a batch; nil for a body by itself.
    /// - Throws: What its fields contradict, or what is no schedule.
    func checked(at index: Int? = nil) throws(APIResponse) -> JobDraft {
        let body = index.map { "body.\($0)" } ?? "body"
        if let (one, other) = contradiction {
            throw .invalid("\(body).\(one) and \(body).\(other) cannot be used together.")
        }
        guard let repeats, let schedule = try repeats.schedule(in: body) else { return draft }
        guard draft.retry.waits.isEmpty else {
            throw .invalid(
                "\(body).retry and \(body).repeat cannot be used together: \(body).retryPolicy retries what repeats.")
        }
        guard draft.options.headers?.contains(where: \.isIdempotencyKey) != true else {
            throw .invalid(
                "\(body).headers cannot have an Idempotency-Key together with \(body).repeat: receivers would discard "
                    + "every run after the first as a duplicate.")
        }
        var draft = draft
        draft.schedule = schedule
        draft.options.missed = repeats.missed
        return draft
    }

    static func moment(_ value: JSONValue) throws(Violation) -> Timestamp {
        guard let moment = DateTime.timestamp(of: try value.asString()) else {
            throw Violation("must match format \"date-time\"")
        }
        return moment
    }

    static func id(_ value: JSONValue) throws(Violation) -> String {
        let id = try value.asString()
        guard id.utf8.count <= JobKey.maximumIDBytes else {
            throw Violation("must NOT have more than \(JobKey.maximumIDBytes) bytes")
        }
        return id
    }

    /// Rounded up: a wait is never shorter than it was asked for.
    static func milliseconds(_ value: JSONValue) throws(Violation) -> Int64 {
        Int64(clamping: try value.asNumber(atLeast: 0), rounded: .up)
    }

    private static func waits(_ value: JSONValue) throws(Violation) -> [Int64] {
        let count = try value.asArray().count
        guard count <= RetrySchedule.maximumCount else {
            throw Violation("must NOT have more than \(RetrySchedule.maximumCount) items")
        }
        guard count > 0 else { throw Violation("must NOT have fewer than 1 items") }
        return try value.items(milliseconds)
    }
}

extension JobHeader {
    fileprivate var isIdempotencyKey: Bool { name.lowercased() == "idempotency-key" }
}
