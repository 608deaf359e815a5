import Foundation
import Testing

@testable import FletchServer

@Suite struct JavaScriptNumberTests {
    @Test(arguments: [
        (0, "0"), (-0.0, "0"), (5, "5"), (-1.5, "-1.5"), (9_007_199_254_740_992, "9007199254740992"),
        (1e20, "100000000000000000000"), (1e21, "1e+21"), (1.5e300, "1.5e+300"), (0.000001, "0.000001"),
        (0.0000015, "0.0000015"), (1e-7, "1e-7"), (-1.25e-9, "-1.25e-9"), (123456789.125, "123456789.125"),
        (.leastNonzeroMagnitude, "5e-324"), (.infinity, "Infinity"), (-.infinity, "-Infinity"), (100, "100"),
        (1e16, "10000000000000000"),
    ])
    func textIsJavaScripts(_ number: Double, _ text: String) {
        #expect(JavaScriptNumber.text(of: number) == text)
    }

    @Test(
        arguments: [
            (" 5 ", 5), ("\t-1.5\n", -1.5), ("1e3", 1_000), (".5", 0.5), ("5.", 5), ("+7", 7), ("0x1F", 31),
            ("0o17", 15),
            ("0B101", 5), ("", 0), (" ", 0), ("Infinity", .infinity), ("-Infinity", -.infinity), ("1e400", .infinity),
            ("\u{FEFF}5\u{A0}", 5), ("007", 7),
        ] as [(String, Double)])
    func numberIsJavaScripts(_ text: String, _ number: Double) {
        #expect(JavaScriptNumber.value(of: text) == number)
    }

    @Test(arguments: [
        "x", "5x", "1 2", "--5", "+-5", "1_000", "1,5", "inf", "nan", "infinity", "0x", "0xg", "-0x1", "1e", "e5", ".",
        "-",
        "0x1p3", "5\u{85}", "٥", "5\0",
    ])
    func whatIsNoNumberIsNone(_ text: String) {
        #expect(JavaScriptNumber.value(of: text) == nil)
    }

    private static let node = ["/usr/local/bin/node", "/usr/bin/node"].first(
        where: FileManager.default.isExecutableFile)

    /// 4,000 doubles of any bits, and as many with few digits.
    @Test(.enabled(if: node != nil, "Node is not installed"))
    func nodeAgrees() async throws {
        var random = SeededGenerator(seed: 11)
        let any = (0..<4_000).map { _ in Double(bitPattern: UInt64.random(in: 0...(.max), using: &random)) }
        let short = (0..<4_000).map { _ in
            Double(Int.random(in: -99_999...99_999, using: &random))
                * pow(10, Double(Int.random(in: -30...30, using: &random)))
        }
        let numbers = (any + short).filter { !$0.isNaN }
        let script = """
            const bytes = require('fs').readFileSync(0);
            for (let i = 0; i < bytes.length; i += 8) console.log(String(bytes.readDoubleLE(i)));
            """
        let input = numbers.reduce(into: Data()) { data, number in
            withUnsafeBytes(of: number.bitPattern.littleEndian) { data.append(contentsOf: $0) }
        }
        let lines = try output(of: script, input).split(separator: "\n").map(String.init)
        try #require(lines.count == numbers.count)
        let wrong = zip(numbers, lines).filter { JavaScriptNumber.text(of: $0) != $1 }
        #expect(wrong.isEmpty, "\(wrong.prefix(5))")
        let unread = zip(numbers, lines).filter { JavaScriptNumber.value(of: $1) != $0 }
        #expect(unread.isEmpty, "\(unread.prefix(5))")
    }

    private func output(of script: String, _ input: Data) throws -> String {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("numbers-\(UUID().uuidString)")
        try input.write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let (process, output) = (Process(), Pipe())
        process.executableURL = Self.node.map { URL(fileURLWithPath: $0) }
        process.arguments = ["-e", script]
        process.standardInput = try FileHandle(forReadingFrom: file)
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }
}
