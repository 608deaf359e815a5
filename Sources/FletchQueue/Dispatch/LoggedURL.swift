import Foundation

/// How URLs are written to the log.
package enum LoggedURL {
    /// Returns a URL without user information, query and fragment, which may hold secrets; nothing if it is no URL.
    package static func text(of url: String) -> String {
        guard var components = URLComponents(string: url) else { return "" }
        components.user = nil
        components.password = nil
        components.query = nil
        components.fragment = nil
        return components.string ?? ""
    }
}
