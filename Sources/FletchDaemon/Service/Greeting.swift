import Logging

/// What is said once jobs are taken: three lines for a person, a line of the log for others.
struct Greeting {
    private let settings: Settings
    private let address: String
    private var url: String { "\(settings.isSecure ? "https" : "http")://\(address)" }

    init(_ settings: Settings, port: Int) {
        self.settings = settings
        address = Surroundings.authority(settings.host.value, port)
    }

    func show(_ logger: Logger) {
        guard Surroundings.isTerminal, settings.logFormat.value == .text else {
            return logger.notice("listening", metadata: ["address": "\(address)", "store": "\(settings.store.value)"])
        }
        Surroundings.complain(lines.joined(separator: "\n"))
    }

    var lines: [String] {
        [
            "fletchd listens at \(url)",
            "and keeps its jobs in \(VisibleText.escaped("\(settings.store.value)"))",
            next,
        ]
    }

    /// What works at once: where there are tenants nothing does without a token.
    private var next: String {
        guard settings.isOpen else {
            return settings.passphrases.value.isEmpty
                ? "try: curl -H 'authorization: Bearer JWT' \(url)/queues"
                : "try: curl -X PUT -u :PASSPHRASE \(url)/tokens/my-app"
        }
        return "try: curl -d '{\"body\":\"hello\"}' -H 'content-type: application/json' "
            + "\(url)/queues/http%3A%2F%2Flocalhost%3A5000"
    }
}
