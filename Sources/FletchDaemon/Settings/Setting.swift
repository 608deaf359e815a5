/// A value, and where it comes from.
struct Setting<Value: Sendable>: Sendable {
    let value: Value
    let source: SettingSource

    init(_ value: Value, _ source: SettingSource = .default) {
        self.value = value
        self.source = source
    }
}

/// Where a value comes from, as it is shown.
enum SettingSource: Sendable, Hashable, CustomStringConvertible {
    case `default`
    case environment(String)
    case flag(String)

    var description: String {
        switch self {
        case .default: "default"
        case .environment(let name), .flag(let name): name
        }
    }
}
