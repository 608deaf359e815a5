import Foundation
import GRDB
import Testing

/// A closed database of a test's, to be damaged.
struct DamagedFile {
    let path: String

    private static let pageBytes = 4_096

    /// Changes rows as no store does.
    func execute(_ sql: String) throws {
        let database = try DatabaseQueue(path: path)
        try database.write { try $0.execute(sql: sql) }
        try database.close()
    }

    func strings(_ sql: String) throws -> [String] {
        let database = try DatabaseQueue(path: path)
        defer { try? database.close() }
        return try database.read { try String.fetchAll($0, sql: sql) }
    }

    /// Overwrites all pages that hold one of the texts, and none of the others.
    func overwritePages(with texts: [String], without others: [String] = []) throws {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        let pages = stride(from: 0, to: bytes.count, by: Self.pageBytes).filter { start in
            let page = bytes[start..<min(start + Self.pageBytes, bytes.count)]
            func holds(_ text: String) -> Bool { page.range(of: Data(text.utf8)) != nil }
            return texts.contains(where: holds) && !others.contains(where: holds)
        }
        #expect(!pages.isEmpty && !pages.contains(0))
        try pages.forEach(overwrite)
    }

    /// Overwrites the first page of a table or an index.
    func overwriteRoot(of name: String) throws {
        let database = try DatabaseQueue(path: path)
        let number = try database.read {
            try Int.fetchOne($0, sql: "SELECT rootpage FROM sqlite_master WHERE name = ?", arguments: [name])
        }
        try database.close()
        try overwrite((try #require(number) - 1) * Self.pageBytes)
    }

    private func overwrite(_ offset: Int) throws {
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        try file.seek(toOffset: UInt64(offset))
        try file.write(contentsOf: Data(repeating: 0xFF, count: Self.pageBytes))
        try file.close()
    }
}

extension Place {
    var file: DamagedFile { DamagedFile(path: database) }
}
