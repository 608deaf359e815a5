import ArgumentParser
import FletchQueueSQLite
import FletchServer

/// `fletchd reseal [options]`
struct ResealCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reseal", abstract: "Seals the tokens and secrets in the database with another key.",
        discussion: """
            They are opened with FLETCHD_OLD_ENCRYPTION_KEY, where that is set, and sealed with FLETCHD_ENCRYPTION_KEY; \
            either may be in a file, which …_FILE names. All are, or none. fletchd must not run meanwhile.
            """)

    @OptionGroup var options: ServerOptions

    @Flag(help: "Store them as they are, sealed with no key.")
    var plain = false

    func run() async throws {
        let reader = SettingsReader(options, environment: Surroundings.environment)
        guard reader.problems.isEmpty else { throw ValidationError(reader.problems.joined(separator: "\n")) }
        let (old, new) = (reader.settings.oldVault.value, reader.settings.vault.value)
        guard plain == (new.keyID == nil) else {
            throw ValidationError(
                plain
                    ? "--plain and FLETCHD_ENCRYPTION_KEY contradict each other: leave one out"
                    : "FLETCHD_ENCRYPTION_KEY is not set: set it to the new key, or say --plain")
        }
        let location = reader.settings.store.value
        let count = try await DamagedStore.naming(location) { try await reseal(location, from: old, to: new) }
        print("\(count) secrets are \(plain ? "stored as they are" : "sealed with the key \(new.keyID ?? "")")")
    }

    /// - Returns: How many there are.
    private func reseal(_ location: StoreLocation, from old: Vault, to new: Vault) async throws -> Int {
        let store = try Self.open(location)
        for id in try await store.secretKeyIDs().compactMap(\.self) where ![old.keyID, new.keyID].contains(id) {
            try store.close()
            throw Vault.CannotOpen(
                "secrets are sealed with another key (\(id)): set FLETCHD_OLD_ENCRYPTION_KEY to that one")
        }
        let count = try await store.reseal { secret, owner in
            let holder = secret.keyID == new.keyID ? new : old
            return try new.seal(holder.open(secret, of: owner), of: owner)
        }
        try store.close()
        return count
    }

    private static func open(_ location: StoreLocation) throws -> SQLiteJobStore {
        switch location {
        case .sqlite(let path): try SQLiteJobStore(path: path)
        }
    }
}
