import Foundation
import Testing

/// A library that stands between `fletchd` and its disk: see disk-shim.c.
struct DiskShim: Sendable {
    let place: Place
    private let library: String

    /// - Throws: Where there is no compiler that makes it.
    init(_ place: Place) async throws {
        self.place = place
        library = place.path("shim.so")
        let source = try #require(Bundle.module.path(forResource: "disk-shim", ofType: "c"))
        let compiler = try Program([
            "/usr/bin/env", "cc", "-shared", "-fPIC", "-O1", "-Wall", "-o", library, source, "-ldl",
        ])
        try #require(try await compiler.end() == 0, "\(compiler.said.value)")
    }

    var environment: [String: String] {
        ["LD_PRELOAD": library, "SHIM_LOG": place.path("events"), "SHIM_FAIL": place.path("fail")]
    }

    /// What of the log may fail.
    enum Call: String { case sync, write }

    /// Lets calls fail, until they are to be mended.
    func fail(_ call: Call) throws { try place.write("", to: "fail.\(call.rawValue)") }

    func mend(_ call: Call) throws {
        try FileManager.default.removeItem(atPath: place.path("fail.\(call.rawValue)"))
    }

    /// What has happened, in order: "logged mark-000001", "begin", "synced", "failed", "answered mark-000001".
    func events() -> [(name: String, mark: String)] {
        let text = FileManager.default.contents(atPath: place.path("events")).map {
            String(decoding: $0, as: UTF8.self)
        }
        return (text ?? "").split(separator: "\n").map { line in
            let words = line.split(separator: " ")
            return (String(words.first ?? ""), String(words.dropFirst().first ?? ""))
        }
    }

    static func mark(_ number: Int) -> String { "mark-" + String(1_000_000 + number).dropFirst() }

    static let isAvailable = ["/usr/bin/cc", "/usr/local/bin/cc"].contains(where: FileManager.default.isExecutableFile)
}
