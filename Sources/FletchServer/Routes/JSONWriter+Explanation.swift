internal import FletchQueue

extension JSONWriter {
    mutating func explanation(_ explanation: Explanation) {
        raw("{\"state\":")
        string(explanation.state.rawValue)
        raw(",\"reason\":")
        string(explanation.reason.name)
        if let until = explanation.until {
            raw(",\"until\":")
            quoted(until.isoBytes)
        }
        if let by = explanation.by {
            raw(",\"by\":")
            string(by)
        }
        raw(",\"text\":")
        string(explanation.text)
        raw("}")
    }
}

extension Explanation.Reason {
    fileprivate var name: String {
        switch self {
        case .waiting: "waiting"
        case .due: "due"
        case .leased: "leased"
        // A rest shuts a queue as an open circuit does.
        case .shut(.rest): GateReason.circuit.rawValue
        case .shut(let reason): reason.rawValue
        case .full: GateReason.concurrency.rawValue
        case .dead: "dead"
        }
    }
}

extension Explanation {
    /// A sentence for a person, which names the remedy where there is one.
    fileprivate var text: String {
        let moment = until.map { "until \(String(decoding: $0.isoBytes, as: UTF8.self))" }
        return switch reason {
        case .waiting: "The job waits for its time. To run it now, POST to its URL."
        case .due: "The job is due and is about to be delivered."
        case .leased: "The job is being delivered. It ends with the answer, or at the delivery's timeout."
        case .shut(.paused) where until != nil:
            "The status of an answer pauses this queue, which can have no policy of its own: its endpoint is an origin, or the "
                + "tenant has too many policies. It rests \(moment ?? "for a minute"), and then one delivery tries it."
        case .shut(.paused):
            "A policy pauses this queue, its origin or everything. To go on, PUT the policy without \"paused\" or DELETE it; "
                + "a policy of the operator's is in the file of --policies."
        case .shut(.exclusive):
            "An exclusive job runs alone in its queue, and the job waits for\(other). It goes on when that has ended."
        case .shut(.group): "The jobs of a group run one at a time, in order, and the job waits for\(other)."
        case .shut(.circuit):
            "Too many deliveries in a row could not connect or were not answered in time, so deliveries rest "
                + "\(moment ?? "until the one that tries it has ended"). Look at the target; nothing is lost meanwhile."
        case .shut(.rest):
            "This machine could not make deliveries to this queue's target, so the queue rests "
                + "\(moment ?? "until the one that tries it has ended"). The log names the reason."
        case .shut(.concurrency):
            "As many deliveries are under way as may be. The job goes on when one has ended; a policy's \"concurrency\" or "
                + "--concurrency allows more."
        case .full:
            "As many deliveries are under way as there may be in all. The job goes on when one has ended; --total-concurrency "
                + "allows more, as far as there are file descriptors."
        case .shut(.rate):
            "A policy's rate is used up \(moment ?? "for now"). A policy with a higher rate or burst allows more."
        case .dead:
            "The job has failed for good, or expired. GET /dead-letters tells why; to run it again, POST to "
                + "/dead-letters/ID/replay."
        }
    }

    private var other: String { by.map { " the job \($0)" } ?? " another job" }
}
