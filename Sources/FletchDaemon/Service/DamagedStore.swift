import FletchQueue

/// The store is damaged where a command needs it: names its file, and the command that finds all of the damage.
struct DamagedStore: Error, CustomStringConvertible {
    let description: String

    private init(_ location: StoreLocation, _ error: StoreError) {
        switch location {
        case .sqlite(let path):
            description = """
                \(VisibleText.escaped(path)): \(error.message)
                'fletchd check', with the same --store, tells all that is damaged
                """
        }
    }

    /// Runs a command on a store; what it throws because the store is damaged names the store.
    static func naming<Result>(_ location: StoreLocation, _ command: () async throws -> Result) async throws -> Result {
        do {
            return try await command()
        } catch let error as StoreError where error.code == .damaged {
            throw DamagedStore(location, error)
        }
    }
}
