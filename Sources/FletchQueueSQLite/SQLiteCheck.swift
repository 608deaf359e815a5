internal import FletchQueue
import Foundation
import GRDB

/// Looks a database over without changing it, also while a store has it open.
package enum SQLiteCheck {
    /// - Returns: What is wrong, each with its remedy; empty where all is well, or where the file is yet to be made.
    package static func problems(with name: String) -> [String] {
        do throws(StoreError) {
            try SQLiteOwnership.refuseUnsuitable(name)
        } catch {
            return ["\(error)"]
        }
        let path = SQLiteFile.absolute(name)
        if let problem = SQLiteFile.problemOfOrphanedLog(path) { return [problem] }
        let directory = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let exposure = Exposure.problems(with: path, in: directory)
        guard FileManager.default.fileExists(atPath: path) else {
            return FileManager.default.isWritableFile(atPath: directory)
                ? exposure : ["\(directory) cannot be written to: make it, or let this user write it"] + exposure
        }
        var problems = exposure
        if !FileManager.default.isWritableFile(atPath: path) || !FileManager.default.isWritableFile(atPath: directory) {
            problems.append("\(path) or its directory cannot be written to: let this user write them")
        }
        do {
            problems += try contentProblems(path)
        } catch {
            problems.append("\(path): \(StoreError(error))")
        }
        return problems
    }

    /// The keys that secrets are sealed with, nil for those stored as they are; none where they cannot be read.
    package static func secretKeyIDs(in name: String) -> Set<String?> {
        let path = SQLiteFile.absolute(name)
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        return (try? SQLiteFile.read(path, SQLiteFile.secretKeyIDs)) ?? []
    }

    /// Whether there is a token, or a queue of any tenant but `anonymous`; false where that cannot be read.
    package static func hasTenants(in name: String) -> Bool {
        let path = SQLiteFile.absolute(name)
        guard FileManager.default.fileExists(atPath: path) else { return false }
        return (try? SQLiteFile.read(path, SQLiteFile.hasTenants)) ?? false
    }

    private static func contentProblems(_ path: String) throws -> [String] {
        try SQLiteOwnership.refuseForeign(path)
        return try SQLiteFile.read(path) { db in
            if try SQLiteFile.migrator.hasBeenSuperseded(db) { return ["\(path): \(SQLiteFile.tooNew)"] }
            let findings = try String.fetchAll(db, sql: "PRAGMA integrity_check")
            if findings != ["ok"] { return findings.map { "\(path) is damaged (\($0)): restore a backup" } }
            guard try SQLiteFile.migrator.hasCompletedMigrations(db) else { return [] }
            let problems = try rowProblems(db).map { "\(path): \($0)" }
            do {
                try SQLiteFile.refuseUnreadableSchedules(db)
                return problems
            } catch {
                return problems + ["\(path): \(StoreError(error))"]
            }
        }
    }
}
