import Foundation
import Testing

@testable import FletchQueue

/// Against another implementation; see scripts/cron-cases.
@Suite struct CronTableTests {
    @Test func everyCaseFiresWhenAnotherImplementationSaysSo() throws {
        let cases = try Self.cases()
        #expect(cases.count > 600)
        for columns in cases {
            try #require(columns.count == 6, "\(columns)")
            try expect(columns[0], in: columns[1], from: columns[2], firesAt: Array(columns[3...]))
        }
    }

    private static func cases() throws -> [[String]] {
        let file = try #require(Bundle.module.url(forResource: "cron-cases", withExtension: "tsv"))
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
            .filter { !$0.hasPrefix("#") }
            .map { $0.split(separator: "\t").map(String.init) }
    }
}
