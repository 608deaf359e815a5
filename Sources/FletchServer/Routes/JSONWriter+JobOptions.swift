internal import FletchQueue

extension JSONWriter {
    /// Writes the keys that Quirrel does not have, as far as the job was asked for with them, each behind a comma.
    mutating func options(of job: Job) {
        let options = job.options
        member("url", options.url) { $0.string($1) }
        member("method", options.method) { $0.string($1) }
        member("headers", options.headers) { $0.headers($1) }
        member("timeout", options.timeout) { $0.number($1) }
        member("expiresAt", options.expiresAt) { $0.quoted($1.isoBytes) }
        member("retryPolicy", options.retryPolicy) { $0.retryPolicy($1) }
        member("group", job.group) { $0.string($1) }
        member("until", options.until) { $0.string($1.rawValue) }
        member("callback", options.callback) { $0.string($1) }
        member("failureCallback", options.failureCallback) { $0.string($1) }
    }

    private mutating func headers(_ headers: [JobHeader]) {
        raw("{")
        commaSeparated(headers) { json, header in
            json.string(header.name)
            json.raw(":")
            json.string(header.value)
        }
        raw("}")
    }

    /// Writes a member that is not the first one, unless its value is nil.
    private mutating func member<Value>(
        _ name: StaticString, _ value: Value?, _ write: (inout JSONWriter, Value) -> Void
    ) {
        guard let value else { return }
        raw(",\"")
        raw(name)
        raw("\":")
        write(&self, value)
    }
}
