import FletchServer

// What holds for jobs that fail, and what protects their targets.
extension SettingsReader {
    mutating func readDeadLetters() {
        let retention = text(options.deadLetterRetention, "--dead-letter-retention", variable: "DEAD_LETTER_RETENTION")
        if let retention {
            set(\.deadLetterRetention, retention, "a duration of at least 1s and at most 36500d, as 36h or 14d") {
                text in
                WrittenDuration(text).flatMap { 1_000...Settings.maximumRetention ~= $0.milliseconds ? $0 : nil }
            }
        }
        readQuota(
            \.maximumDeadLetters,
            text(options.maximumDeadLetters, "--maximum-dead-letters", variable: "MAXIMUM_DEAD_LETTERS"))
        readQuota(
            \.maximumDeadLetterBytes,
            text(
                options.maximumDeadLetterBytes, "--maximum-dead-letter-bytes", variable: "MAXIMUM_DEAD_LETTER_BYTES"))
    }

    mutating func readPolicies() {
        guard let file = text(options.policies, "--policies") else { return }
        do throws(PolicyFile.Unusable) {
            settings.policies = Setting(try PolicyFile.policies(at: file.value), file.source)
        } catch {
            problems.append("\(file.source): \(VisibleText.escaped("\(error)"))")
        }
    }
}
