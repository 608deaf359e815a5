import Fletch

/// The HTTP proxy that deliveries go through, as `--proxy` names it.
///
/// What the environment names for other programs (`http_proxy`) is not for deliveries: it would catch those to the machine
/// itself.
struct ProxyLocation: Sendable, Hashable, CustomStringConvertible {
    private let url: String

    /// - Returns: nil for what is no URL of an HTTP proxy.
    init?(_ url: String) {
        self.url = url
        guard !url.isEmpty, (try? setting.check()) != nil else { return nil }
    }

    var setting: ProxySetting { .url(url, except: "") }

    /// Without user and password.
    var description: String {
        guard let at = url.lastIndex(of: "@") else { return url }
        let scheme = url.range(of: "://").map { String(url[..<$0.upperBound]) } ?? ""
        return scheme + "…" + url[at...]
    }
}
