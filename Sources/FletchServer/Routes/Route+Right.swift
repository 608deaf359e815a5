extension Route {
    /// What it takes to use it.
    var right: Right {
        switch self {
        case .health, .documentation, .openAPI: .none
        case .enqueue, .enqueueBatch, .send, .publish: .enqueue
        case .listQueues, .statistics, .scan, .job, .activity: .read
        case .attempts, .explain, .listDeadLetters, .deadLetter, .listPolicies, .policy: .read
        case .listTopics, .topic, .clock: .read
        case .updateCron, .empty, .invoke, .delete, .advanceClock: .change
        case .setPolicy, .deletePolicy, .setTopic, .deleteTopic: .change
        case .replayDeadLetter, .replayDeadLetters, .deleteDeadLetter, .deleteDeadLetters: .change
        case .rotateSigningSecret: .rotate
        case .issueToken, .revokeToken, .listTenants, .takeUsage: .administer
        }
    }
}
