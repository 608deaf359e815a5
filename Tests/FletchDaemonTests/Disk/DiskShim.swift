import Foundation

/// A library that stands between `fletchd` and its disk: see disk-shim.c.
struct DiskShim: Sendable {
    let place: Place
    private let library: Preloaded

    /// - Throws: Where there is no compiler that makes it.
    init(_ place: Place) async throws {
        self.place = place
        library = try await Preloaded("disk-shim", in: place)
    }

    var environment: [String: String] {
        let paths = ["SHIM_LOG": place.path("events"), "SHIM_FAIL": place.path("fail")]
        return library.environment.merging(paths) { $1 }
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
}
