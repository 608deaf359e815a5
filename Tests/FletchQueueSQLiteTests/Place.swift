import FletchQueue
import FletchQueueSQLite
import Foundation

/// A directory of a test's own.
struct Place {
    let directory: String

    var database: String { path("jobs.sqlite") }

    func path(_ name: String) -> String { directory + "/" + name }

    func link(_ target: String, to path: String) throws {
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
    }

    func files() throws -> Set<String> { Set(try FileManager.default.contentsOfDirectory(atPath: directory)) }

    fileprivate init() throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("fletch-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    fileprivate func remove() { try? FileManager.default.removeItem(atPath: directory) }
}

func withPlace(_ body: (Place) async throws -> Void) async throws {
    let place = try Place()
    defer { place.remove() }
    try await body(place)
}

func withPlace(_ body: (Place) throws -> Void) throws {
    let place = try Place()
    defer { place.remove() }
    try body(place)
}

/// Opens a store, and closes it where it can be opened.
func openingError(_ path: String) -> StoreError? {
    do throws(StoreError) {
        try SQLiteJobStore(path: path).close()
        return nil
    } catch {
        return error
    }
}
