internal import FletchQueue

extension JSONWriter {
    /// An event as Quirrel's clients know it: `[name, payload]`.
    mutating func event(_ event: JobEvent) {
        switch event {
        case .scheduled(let job):
            raw("[\"scheduled\",")
            self.job(job)
        case .started(let key): begin("[\"started\",", key)
        case .completed(let key): begin("[\"completed\",", key)
        case .invoked(let key): begin("[\"invoked\",", key)
        case .deleted(let key): begin("[\"deleted\",", key)
        case .rescheduled(let key, let runAt):
            begin("[\"rescheduled\",", key)
            raw(",\"runAt\":")
            quoted(runAt.isoBytes)
        }
        if case .scheduled = event { raw("]") } else { raw("}]") }
    }

    private mutating func begin(_ name: StaticString, _ key: JobKey) {
        raw(name)
        raw("{\"endpoint\":")
        string(key.queue.endpoint)
        raw(",\"id\":")
        string(key.id)
    }
}
