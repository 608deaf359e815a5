internal import FletchQueue

/// The job that a request to `/send` makes.
struct SendRequest {
    /// The queue that the job belongs to.
    let endpoint: String
    let draft: JobDraft

    /// - Parameters:
    ///   - request: With its body.
    ///   - text: What follows `/send/` in its target.
    ///   - now: What durations count from.
    init(_ request: APIRequest, to text: String, at now: Timestamp) throws(APIResponse) {
        let target = try SendTarget(text)
        do throws(Violation) {
            let controls = try ControlFields(request.fields)
            let forwarded = try ForwardedFields(request.fields)
            var draft = try controls.draft(at: now)
            guard draft.schedule == nil || !forwarded.contains("idempotency-key") else {
                throw Violation(
                    "must NOT be set with fletch-cron: receivers would discard every run after the first "
                        + "as a duplicate"
                ).below("idempotency-key")
            }
            let queue = try controls.value(.queue, ControlValue.url)
            draft.body = request.body.withUnsafeReadableBytes(Payload.init)
            draft.options.method = try Self.method(controls, request)
            draft.options.headers = forwarded.headers
            draft.options.url = queue == nil ? nil : target.url
            draft.options.isForwarded = true
            self.endpoint = queue ?? target.url
            self.draft = draft
        } catch {
            throw error.response(in: "headers")
        }
    }

    private static func method(_ controls: ControlFields, _ request: APIRequest) throws(Violation) -> String {
        if let method = try controls.value(.method, ControlValue.method) { return method }
        let method = request.method.rawValue
        do {
            return try ControlValue.method(method)
        } catch {
            throw Violation("must be set: a job cannot have the method \(method)").below(ControlField.method.rawValue)
        }
    }
}
