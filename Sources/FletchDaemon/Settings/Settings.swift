import Logging

/// What `fletchd` runs by.
struct Settings: Sendable {
    var host = Setting("localhost")
    var port = Setting(9_181)
    var store = Setting(StoreLocation.sqlite("fletch.sqlite"))
    var concurrency = Setting(100)
    /// In seconds.
    var deliveryTimeout = Setting(30.0)
    /// In seconds.
    var drainTimeout = Setting(30.0)
    var logFormat = Setting(LogLineFormat.text)
    var logLevel = Setting(Logger.Level.info)
    /// nil for none.
    var proxy = Setting<ProxyLocation?>(nil)
    /// An endpoint at `localhost` is the container's host.
    var isInDocker = Setting(false)

    static let maximumConcurrency = 10_000
    /// A day.
    static let maximumSeconds = 86_400.0

    /// A name and a value for each, as they are shown.
    var lines: [(name: String, value: String, source: String)] {
        [
            ("host", host.value, "\(host.source)"),
            ("port", "\(port.value)", "\(port.source)"),
            ("store", "\(store.value)", "\(store.source)"),
            ("concurrency", "\(concurrency.value)", "\(concurrency.source)"),
            ("delivery-timeout", "\(deliveryTimeout.value) s", "\(deliveryTimeout.source)"),
            ("drain-timeout", "\(drainTimeout.value) s", "\(drainTimeout.source)"),
            ("proxy", proxy.value.map { "\($0)" } ?? "none", "\(proxy.source)"),
            ("log-format", logFormat.value.rawValue, "\(logFormat.source)"),
            ("log-level", "\(logLevel.value)", "\(logLevel.source)"),
            ("in docker", isInDocker.value ? "yes" : "no", "\(isInDocker.source)"),
        ]
    }
}
