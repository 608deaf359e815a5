import Foundation
import Testing

/// A library that stands between `fletchd` and the system's.
struct Preloaded: Sendable {
    let environment: [String: String]

    /// Compiles `source`, a C file of this target.
    /// - Throws: Where there is no compiler that makes it.
    init(_ source: String, in place: Place) async throws {
        let library = place.path(source + ".so")
        let path = try #require(Bundle.module.path(forResource: source, ofType: "c"))
        let compiler = try Program([
            "/usr/bin/env", "cc", "-shared", "-fPIC", "-O1", "-Wall", "-o", library, path, "-ldl",
        ])
        try #require(try await compiler.end() == 0, "\(compiler.said.value)")
        environment = ["LD_PRELOAD": library]
    }

    static let isAvailable = ["/usr/bin/cc", "/usr/local/bin/cc"].contains(where: FileManager.default.isExecutableFile)
}
