import FletchServer
import Logging

/// Makes settings of flags and the environment, and tells all that is wrong with them at once.
struct SettingsReader {
    var settings = Settings()
    /// Each with its remedy.
    var problems: [String] = []
    let options: ServerOptions
    private let environment: [String: String]

    init(_ options: ServerOptions, environment: [String: String]) {
        self.options = options
        self.environment = environment
        readPlace()
        readWork()
        readQuotas()
        readDeadLetters()
        readPolicies()
        readLog()
        readAccess()
        readClock()
        readTargets()
        readTLS()
        readKeys()
        readIncidentReceiver()
    }

    private mutating func readPlace() {
        if let variable = variable("RUNNING_IN_DOCKER") {
            settings.isInDocker = Setting(true, variable.source)
            settings.host = Setting("0.0.0.0", variable.source)
        }
        if let host = text(options.host, "--host", variable: "HOST") { settings.host = host }
        if let port = text(options.port.map(String.init), "--port", variable: "PORT") {
            set(\.port, port, "a port is a number from 0 to 65535") { Int($0).flatMap { 0...65_535 ~= $0 ? $0 : nil } }
        }
        if let store = text(options.store, "--store") {
            set(\.store, store, "a store is sqlite:PATH, in UTF-8", StoreLocation.init)
        }
    }

    private mutating func readWork() {
        if let concurrency = text(options.concurrency.map(String.init), "--concurrency") {
            set(\.concurrency, concurrency, "at least 1 and at most \(Settings.maximumConcurrency)") {
                Int($0).flatMap { 1...Settings.maximumConcurrency ~= $0 ? $0 : nil }
            }
        }
        if let concurrency = text(options.totalConcurrency.map(String.init), "--total-concurrency") {
            set(\.totalConcurrency, concurrency, "at least 1 and at most \(Settings.mostConnections)") {
                Int($0).flatMap { 1...Settings.mostConnections ~= $0 ? $0 : nil }
            }
        }
        if let bytes = text(options.totalBodyBytes.map(String.init), "--total-body-bytes") {
            set(\.totalBodyBytes, bytes, "a whole number, at least 1 and at most \(Settings.maximumQuota)") {
                Int($0).flatMap { 1...Settings.maximumQuota ~= $0 ? $0 : nil }
            }
        }
        let connections = options.maximumConnections.map(String.init)
        if let count = text(connections, "--maximum-connections", variable: "MAXIMUM_CONNECTIONS") {
            set(\.maximumConnections, count, "at least 1 and at most \(Settings.mostConnections)") {
                Int($0).flatMap { 1...Settings.mostConnections ~= $0 ? $0 : nil }
            }
        }
        if let timeout = text(options.deliveryTimeout, "--delivery-timeout") {
            set(\.deliveryTimeout, timeout, "a duration of more than 0 and at most a day, as 90s or 5m, or seconds") {
                Self.seconds($0).flatMap { $0 > 0 && $0 <= Settings.maximumSeconds ? $0 : nil }
            }
        }
        if let timeout = text(options.drainTimeout, "--drain-timeout") {
            set(\.drainTimeout, timeout, "a duration of at least 0 and at most a day, as 90s or 5m, or seconds") {
                Self.seconds($0).flatMap { 0...Settings.maximumSeconds ~= $0 ? $0 : nil }
            }
        }
        if let proxy = text(options.proxy, "--proxy", variable: "FLETCHD_PROXY") {
            if let location = ProxyLocation(proxy.value) {
                settings.proxy = Setting(location, proxy.source)
            } else {
                problems.append("\(proxy.source) names no proxy: http://[user:password@]host[:port]")
            }
        }
    }

    /// - Parameter text: A duration with a unit, or a number of seconds.
    private static func seconds(_ text: String) -> Double? {
        WrittenDuration(text).map { Double($0.milliseconds) / 1_000 } ?? Double(text)
    }

    private mutating func readQuotas() {
        readQuota(\.maximumJobs, text(options.maximumJobs, "--maximum-jobs", variable: "MAXIMUM_JOBS"))
        readQuota(\.maximumBytes, text(options.maximumBytes, "--maximum-bytes", variable: "MAXIMUM_BYTES"))
        readQuota(\.maximumQueues, text(options.maximumQueues, "--maximum-queues", variable: "MAXIMUM_QUEUES"))
        readQuota(
            \.maximumIdempotencyBytes,
            text(
                options.maximumIdempotencyBytes, "--maximum-idempotency-bytes", variable: "MAXIMUM_IDEMPOTENCY_BYTES"))
    }

    mutating func readQuota(_ target: WritableKeyPath<Settings, Setting<Int?>>, _ text: Setting<String>?) {
        guard let text else { return }
        set(target, text, "a whole number, at least 1 and at most \(Settings.maximumQuota)") { text in
            // Not with flatMap: its nil would be a value, no limit.
            guard let count = Int(text), 1...Settings.maximumQuota ~= count else { return nil }
            return count
        }
    }

    private mutating func readLog() {
        if let format = text(options.logFormat, "--log-format") {
            set(\.logFormat, format, "text or json", LogLineFormat.init)
        }
        if let level = text(options.logLevel, "--log-level") {
            set(\.logLevel, level, "one of " + Logger.Level.allCases.map { "\($0)" }.joined(separator: ", ")) {
                Logger.Level(rawValue: $0)
            }
        }
    }

    mutating func set<Value>(
        _ target: WritableKeyPath<Settings, Setting<Value>>, _ text: Setting<String>, _ rule: String,
        _ read: (String) -> Value?
    ) {
        guard let value = read(text.value) else {
            return problems.append("\(text.source) is \(VisibleText.escaped(text.value)): \(rule)")
        }
        settings[keyPath: target] = Setting(value, text.source)
    }

    func text(_ flag: String?, _ name: String, variable: String? = nil) -> Setting<String>? {
        flag.map { Setting($0, .flag(name)) } ?? variable.flatMap(self.variable)
    }

    /// What is set to nothing is not set.
    func variable(_ name: String) -> Setting<String>? {
        environment[name].flatMap { $0.isEmpty ? nil : Setting($0, .environment(name)) }
    }
}
