import ArgumentParser
import FletchQueueSQLite
import FletchServer

/// `fletchd check [options]`
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Shows the settings that hold, and every problem.",
        discussion: "Reads the whole database, and changes nothing. Exit status: 0 where nothing is wrong, else 1.")

    @OptionGroup var options: ServerOptions

    func run() async throws {
        let reader = SettingsReader(options, environment: Surroundings.environment)
        for line in reader.settings.lines {
            let name = line.name + String(repeating: " ", count: max(0, 18 - line.name.count))
            print("\(name)\(VisibleText.escaped(line.value))  (\(line.source))")
        }
        for warning in reader.settings.warnings + Self.warnings(of: reader.settings) {
            print("warning: \(VisibleText.lines(warning))")
        }
        let problems =
            reader.problems + Self.problems(of: reader.settings) + (await Self.problems(ofKeysIn: reader.settings))
        guard !problems.isEmpty else { return print("nothing is wrong") }
        for problem in problems { print("problem: \(VisibleText.lines(problem))") }
        throw ExitCode(1)
    }

    private static func problems(of settings: Settings) -> [String] {
        let ofPlace = Surroundings.problem(listeningAt: settings.host.value, port: settings.port.value)
        let problems = [ofPlace].compactMap(\.self) + problems(ofLimitFor: settings)
        switch settings.store.value {
        case .sqlite(let path): return problems + SQLiteCheck.problems(with: path)
        }
    }

    private static func problems(ofKeysIn settings: Settings) async -> [String] {
        var problems: [String] = []
        do {
            _ = try await settings.jwtVerifier()
        } catch {
            problems.append("\(error)")
        }
        if settings.isOpen, !settings.isAnonymous.value, hasTenants(in: settings) {
            problems.append(TenantsWithoutTokens().description)
        }
        let foreign = keyIDs(in: settings).compactMap(\.self).filter { $0 != settings.vault.value.keyID }
        return problems + foreign.sorted().map { Vault.problem(ofSecretsSealedWith: $0) }
    }

    /// What is in the store is not protected as well as it could be.
    private static func warnings(of settings: Settings) -> [String] {
        if settings.vault.value.keyID == nil {
            guard !settings.isOpen || keyIDs(in: settings).contains(nil) else { return [] }
            return ["tokens are stored as they are: set FLETCHD_ENCRYPTION_KEY to have them sealed"]
        }
        return keyIDs(in: settings).contains(nil) ? ["some tokens are stored as they are: run fletchd reseal"] : []
    }

    private static func hasTenants(in settings: Settings) -> Bool {
        switch settings.store.value {
        case .sqlite(let path): SQLiteCheck.hasTenants(in: path)
        }
    }

    private static func keyIDs(in settings: Settings) -> Set<String?> {
        switch settings.store.value {
        case .sqlite(let path): SQLiteCheck.secretKeyIDs(in: path)
        }
    }

    private static func problems(ofLimitFor settings: Settings) -> [String] {
        do {
            return try settings.descriptorBudget(storeCount: Descriptors.storeCount).shortages
        } catch {
            return ["\(error)"]
        }
    }
}
