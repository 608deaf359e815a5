/// How log lines look.
enum LogLineFormat: String, Sendable {
    case text, json
}
