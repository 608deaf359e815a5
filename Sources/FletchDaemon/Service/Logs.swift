import Logging

/// The log, as it was asked for.
enum Logs {
    static func logger(_ settings: Settings) -> Logger {
        var logger = Logger(label: "fletchd") { label in
            LineLogHandler(label: label, format: settings.logFormat.value)
        }
        logger.logLevel = settings.logLevel.value
        return logger
    }
}
