import ArgumentParser
import FletchQueueSQLite

/// `fletchd check [options]`
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Shows what fletchd would run by, and all that is wrong with it.",
        discussion: "Reads the whole database, and changes nothing. Exit status: 0 where nothing is wrong, else 1.")

    @OptionGroup var options: ServerOptions

    func run() throws {
        let reader = SettingsReader(options, environment: Surroundings.environment)
        for line in reader.settings.lines {
            let name = line.name + String(repeating: " ", count: max(0, 18 - line.name.count))
            print("\(name)\(VisibleText.escaped(line.value))  (\(line.source))")
        }
        let problems = reader.problems + Self.problems(of: reader.settings)
        guard !problems.isEmpty else { return print("nothing is wrong") }
        for problem in problems { print("problem: \(VisibleText.lines(problem))") }
        throw ExitCode(1)
    }

    private static func problems(of settings: Settings) -> [String] {
        let ofPlace = Surroundings.problem(listeningAt: settings.host.value, port: settings.port.value)
        let ofLimit = problem(ofLimitFor: settings.concurrency.value)
        switch settings.store.value {
        case .sqlite(let path): return [ofPlace, ofLimit].compactMap(\.self) + SQLiteCheck.problems(with: path)
        }
    }

    private static func problem(ofLimitFor concurrency: Int) -> String? {
        do {
            let budget = try Descriptors.budget(concurrency: concurrency, yetToBeOpenedCount: Descriptors.storeCount)
            guard budget.concurrency < concurrency else { return nil }
            return """
                few file descriptors: \(budget.concurrency) deliveries at once, not \(concurrency); raise the limit \
                (ulimit -n, LimitNOFILE)
                """
        } catch {
            return "\(error)"
        }
    }
}
