import FletchQueue
import Foundation
import Testing

@testable import FletchServer

@Suite struct DateTimeTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("1970-01-01t00:00:00.001z", 1), ("1969-12-31T23:59:59.999Z", -1),
        ("2026-03-01T12:00:00.250Z", 1_772_366_400_250), ("2026-03-01T13:30:00.25+01:30", 1_772_366_400_250),
        ("2026-03-01T10:30:00.2509999-0130", 1_772_366_400_250), ("2024-02-29 00:00:00Z", 1_709_164_800_000),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000), ("0000-01-01T00:00:00Z", -62_167_219_200_000),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999), ("2026-03-01T12:00:00.25", 1_772_366_400_250),
        ("2026-03-01 12:00:00", 1_772_366_400_000), ("2026-03-01T13:00:00.25+01", 1_772_366_400_250),
        ("2026-03-01T11:00:00-01", 1_772_366_400_000),
    ])
    func momentIsRead(_ text: String, _ milliseconds: Int64) {
        #expect(DateTime.timestamp(of: text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "", "now", "2026-03-01", "2026-03-01T12:00", "2026-03-01T12:00Z", "2026-3-01T12:00:00Z",
        "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-04-31T00:00:00Z", "2026-01-00T00:00:00Z", "2026-03-01T24:00:00Z", "2026-03-01T12:60:00Z",
        "2026-03-01T12:00:61Z", "2026-03-01T12:00:00.Z", "2026-03-01T12:00:00,5Z", "2026-03-01T12:00:00+24:00",
        "2026-03-01T12:00:00+01:60", "2026-03-01T12:00:00+1", "2026-03-01T12:00:00ZZ", " 2026-03-01T12:00:00Z",
        "+02026-03-01T12:00:00Z", "２０２６-03-01T12:00:00Z", "2026-03-01T12:00:00Z\0",
    ])
    func whatIsNoMomentIsNotRead(_ text: String) {
        #expect(DateTime.timestamp(of: text) == nil)
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
        (1_772_366_400_250, "2026-03-01T12:00:00.250Z"), (-62_167_219_200_001, "0000-01-01T00:00:00.000Z"),
        (253_402_300_800_000, "9999-12-31T23:59:59.999Z"), (Int64.max, "9999-12-31T23:59:59.999Z"),
        (Int64.min, "0000-01-01T00:00:00.000Z"),
    ])
    func momentIsWrittenInTheYearsOfRFC3339(_ milliseconds: Int64, _ text: String) {
        #expect(String(decoding: Timestamp(milliseconds: milliseconds).isoBytes, as: UTF8.self) == text)
    }

    @Test func everyMomentIsReadAsItWasWritten() {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<20_000 {
            let moment = Int64.random(in: -62_167_219_200_000...253_402_300_799_999, using: &random)
            let text = String(decoding: Timestamp(milliseconds: moment).isoBytes, as: UTF8.self)
            #expect(DateTime.timestamp(of: text)?.milliseconds == moment)
        }
    }

    @Test func momentsAreWrittenAsFoundationWritesThem() {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        var random = SeededGenerator(seed: 2)
        for _ in 0..<2_000 {
            // A quarter of a second is exact in a double.
            let quarters = Int64.random(in: -5_000_000_000...200_000_000_000, using: &random)
            let text = String(decoding: Timestamp(milliseconds: quarters * 250).isoBytes, as: UTF8.self)
            #expect(text == Date(timeIntervalSince1970: Double(quarters) / 4).formatted(style))
        }
    }
}
