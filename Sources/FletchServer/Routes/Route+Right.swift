extension Route {
    /// What it takes to use it.
    var right: Right {
        switch self {
        case .health, .documentation, .openAPI: .none
        case .enqueue, .enqueueBatch: .enqueue
        case .listQueues, .statistics, .scan, .job, .activity: .read
        case .attempts, .explain, .listDeadLetters, .deadLetter, .listPolicies, .policy: .read
        case .updateCron, .empty, .invoke, .delete: .change
        case .setPolicy, .deletePolicy: .change
        case .replayDeadLetter, .replayDeadLetters, .deleteDeadLetter, .deleteDeadLetters: .change
        case .rotateSigningSecret: .rotate
        case .issueToken, .revokeToken, .listTenants, .takeUsage: .administer
        }
    }
}
