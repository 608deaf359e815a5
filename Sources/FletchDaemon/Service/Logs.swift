import Logging

/// The log, as it was asked for.
enum Logs {
    static func logger(_ settings: Settings) -> Logger {
        var logger = Logger(label: "fletchd") { label in
            switch settings.logFormat.value {
            case .text: StreamLogHandler.standardError(label: label)
            case .json: JSONLogHandler(label: label)
            }
        }
        logger.logLevel = settings.logLevel.value
        return logger
    }
}
