internal import FletchQueue

/// The body of an enqueue, or an element of a batch, once its types are right.
struct EnqueueBody {
    private var draft = JobDraft()
    private var repeats: RepeatBody?

    init(_ value: JSONValue) throws(Violation) {
        let object = try value.asObject()
        draft.body = try object.member("body") { value throws(Violation) in try value.asString() } ?? ""
        draft.runAt = try object.member("runAt", Self.moment)
        draft.delay = try object.member("delay", Self.milliseconds)
        draft.id = try object.member("id", Self.id)
        draft.overrides = try object.member("override") { value throws(Violation) in try value.asBool() } ?? false
        draft.isExclusive = try object.member("exclusive") { value throws(Violation) in try value.asBool() } ?? false
        if let waits = try object.member("retry", Self.waits) { draft.retry = RetrySchedule(waits: waits) }
        repeats = try object.member("repeat", RepeatBody.init)
    }

    /// - Throws: What its fields contradict, or what is no schedule.
    func checked() throws(APIResponse) -> JobDraft {
        guard let schedule = try repeats?.schedule() else { return draft }
        guard draft.retry.waits.isEmpty else {
            throw .invalid(
                "body.retry and body.repeat cannot be used together: a policy with a retryPolicy retries what repeats.")
        }
        var draft = draft
        draft.schedule = schedule
        return draft
    }

    private static func moment(_ value: JSONValue) throws(Violation) -> Timestamp {
        guard let moment = DateTime.timestamp(of: try value.asString()) else {
            throw Violation("must match format \"date-time\"")
        }
        return moment
    }

    private static func id(_ value: JSONValue) throws(Violation) -> String {
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
