import Foundation

/// A directory of a test's own, with a database in it.
struct Place: Sendable {
    let directory: String

    var database: String { directory + "/jobs.sqlite" }
    var store: String { "sqlite:" + database }

    func path(_ name: String) -> String { directory + "/" + name }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path(name)))
    }
}

/// Runs `body` with a new directory, which is gone afterwards.
func withPlace<Result>(_ body: (Place) async throws -> Result) async throws -> Result {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("fletchd-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    return try await body(Place(directory: directory))
}
