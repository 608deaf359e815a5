/// Where jobs are kept, as `--store` says it.
enum StoreLocation: Sendable, Hashable, CustomStringConvertible {
    /// A file, relative to the working directory or not.
    case sqlite(String)

    /// - Returns: nil for a kind of store that there is not, and for a path that was not UTF-8: what stands for its bytes by
    ///   now would name another file.
    init?(_ text: String) {
        guard text.hasPrefix("sqlite:"), text.utf8.count > 7, !text.unicodeScalars.contains("\u{FFFD}") else {
            return nil
        }
        self = .sqlite(String(text.dropFirst(7)))
    }

    var description: String {
        switch self {
        case .sqlite(let path): "sqlite:\(path)"
        }
    }
}
