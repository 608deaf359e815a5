import Foundation

/// A cache directory of a test's own.
struct SessionCacheFolder {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("cache-\(UUID().uuidString)")

    var environment: [String: String] { ["XDG_CACHE_HOME": url.path] }

    /// Where the command keeps its sessions.
    var file: URL { url.appendingPathComponent("fletch/sessions") }

    var permissions: Int? { (try? FileManager.default.attributesOfItem(atPath: file.path))?[.posixPermissions] as? Int }

    static func run<Result>(_ body: (SessionCacheFolder) async throws -> Result) async throws -> Result {
        let folder = SessionCacheFolder()
        defer { try? FileManager.default.removeItem(at: folder.url) }
        return try await body(folder)
    }
}
