import Foundation
import Testing

/// Python with the packages that `scripts/python-packages` has installed.
enum Python {
    private static let path =
        URL(fileURLWithPath: #filePath).pathComponents.dropLast(4)
        .joined(separator: "/").dropFirst() + "/.build-python/bin/python"

    /// Runs a script, and waits for its end.
    /// - Returns: What it has printed.
    static func run(_ script: String, _ arguments: [String] = []) async throws -> String {
        let program = try start(script, arguments)
        let status = try await program.end()
        try #require(status == 0, "make test installs what it needs: \(program.said.value)")
        return program.printed.value
    }

    /// Starts a script, whose lines come as it prints them.
    static func start(_ script: String, _ arguments: [String] = []) throws -> Program {
        try Program([String(path), "-u", "-c", script] + arguments)
    }
}
