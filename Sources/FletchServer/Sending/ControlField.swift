/// A field of a request to `/send` that is meant for `fletchd`, and is not forwarded.
enum ControlField: String, CaseIterable {
    case queue = "fletch-queue"
    case delay = "fletch-delay"
    case at = "fletch-at"
    case id = "fletch-id"
    case method = "fletch-method"
    case attempts = "fletch-attempts"
    case cron = "fletch-cron"
    case cronTimeZone = "fletch-cron-timezone"
    case timeout = "fletch-timeout"
    case expires = "fletch-expires"
    case group = "fletch-group"
    case until = "fletch-until"
    case callback = "fletch-callback"
    case failureCallback = "fletch-failure-callback"

    /// What the names of all of them begin with, and those of no other field.
    static let prefix = "fletch-"
}
