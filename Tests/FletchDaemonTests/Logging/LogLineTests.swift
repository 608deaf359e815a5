import Foundation
import Glibc
import Logging
import Testing

@testable import FletchDaemon

/// What others have chosen neither ends a line of the log, nor steers a terminal, nor fills the disk.
@Suite struct LogLineTests {
    private static let hostile =
        "a\nb\r\u{0}\u{1B}[31m\u{7F}\u{85}\u{9B}\u{2028}\u{2029}\u{202E}\u{2066}\u{200B}\u{E0041}\\\"ü"

    private static func line(
        _ format: LogLineFormat, _ metadata: Logger.Metadata, message: String = "m"
    ) -> String {
        LogLine(format, .info, label: "fletchd", message: message, metadata).text(at: Date())
    }

    private static func fields(_ line: String) throws -> [String: String] {
        try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
    }

    @Test(arguments: [LogLineFormat.text, .json])
    func lineHasNothingThatIsNotShown(_ format: LogLineFormat) {
        let metadata: Logger.Metadata = ["id": "\(Self.hostile)", "\(Self.hostile)": "\(Self.hostile)"]
        let line = Self.line(format, metadata, message: Self.hostile)
        for scalar in line.unicodeScalars {
            let category = scalar.properties.generalCategory
            #expect(![.control, .format, .lineSeparator, .paragraphSeparator].contains(category), "\(scalar.value)")
        }
        #expect(line.contains(#"a\nb\r\u0000\u001b[31m\u007f\u0085\u009b\u2028\u2029\u202e\u2066\u200b\udb40\udc41\\"#))
    }

    @Test func jsonSaysWhatWasThere() throws {
        let fields = try Self.fields(Self.line(.json, ["id": "\(Self.hostile)", "message": "another"]))
        #expect(fields["id"] == Self.hostile)
        #expect(fields["message"] == "m")
        #expect(fields["level"] == "info")
        #expect(fields["logger"] == "fletchd")
    }

    @Test func valueCannotPassForAnother() {
        let line = Self.line(.text, ["id": "x reason=\"none\"", "plain": "x", "empty": ""])
        #expect(line.hasSuffix(#" info fletchd: m empty="" id="x reason=\"none\"" plain=x"#))
    }

    @Test(arguments: [LogLineFormat.text, .json], ["x", "\u{1}", "😀"])
    func longValueIsCut(_ format: LogLineFormat, _ letter: String) throws {
        let line = Self.line(format, ["id": "\(String(repeating: letter, count: 1_000_000))", "z": "last"])
        #expect(line.utf8.count < 1_300)
        #expect(line.contains("more)"))
        #expect(line.contains("last"))
        if format == .json {
            let id = try #require(Self.fields(line)["id"])
            let shownCount = id.prefix { String($0) == letter }.count
            #expect(id.hasSuffix("… (\(1_000_000 - shownCount) more)"))
        }
    }

    @Test(arguments: [LogLineFormat.text, .json])
    func lineIsBounded(_ format: LogLineFormat) throws {
        let value = String(repeating: "x", count: 5_000)
        let metadata = Dictionary(
            uniqueKeysWithValues: (0..<100).map { ("\($0)\(value)", Logger.MetadataValue.string(value)) })
        let line = Self.line(format, metadata, message: value)
        #expect(line.utf8.count <= LogLine.maximumBytes)
        #expect(line.contains("omitted"))
        if format == .json { #expect(try Self.fields(line)["omitted"] != nil) }
    }

    @Test func terminalShowsOurLinesAndNoOtherControl() {
        #expect(VisibleText.lines("a\nb\\c \u{1B}[31m\u{202E}") == #"a"# + "\n" + #"b\c \u001b[31m\u202e"#)
    }

    /// A pipe that is full, and does not block: the line is dropped, and the next one begins on a line of its own.
    @Test func lineThatDoesNotGetThroughIsDropped() throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        defer { close(ends[1]) }
        let output = LineOutput(ends[1], patienceMilliseconds: 1)
        let long = String(repeating: "x", count: 300_000)
        output.write(long)
        output.write("dropped")
        var bytes = [UInt8](repeating: 0, count: 400_000)
        let count = read(ends[0], &bytes, bytes.count)
        #expect((1..<300_000).contains(count))
        output.write("next")
        let rest = read(ends[0], &bytes, bytes.count)
        #expect(String(decoding: bytes.prefix(max(rest, 0)), as: UTF8.self) == "\nnext\n")
        signal(SIGPIPE, SIG_IGN)
        close(ends[0])
        // Nobody is there any more.
        output.write("none")
    }
}
