import Foundation
import Testing

@testable import FletchQueue

@Suite struct CronFuzzTests {
    @Test func noStringTrapsOrHangsAndWhatParsesFiresLaterAndLater() throws {
        var random = SeededGenerator(seed: 20_260_601)
        var parsed = 0
        for _ in 0..<30_000 {
            let text = Self.words(using: &random)
            guard let expression = try? CronExpression(text, timeZone: Self.zones.randomElement(using: &random) ?? "")
            else { continue }
            parsed += 1
            expectOrder(of: expression, from: Self.moment(using: &random))
        }
        #expect(parsed > 1000)
    }

    @Test func anyBytesAreAnError() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<3000 {
            let bytes = (0..<Int.random(in: 0..<60, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            _ = try? CronExpression(String(decoding: bytes, as: UTF8.self))
            _ = try? CronExpression("* * * * *", timeZone: String(decoding: bytes, as: UTF8.self))
        }
    }

    /// Against a search that looks at every minute, on Foundation's calendar.
    @Test(arguments: ["Etc/UTC", "America/New_York", "Australia/Lord_Howe"])
    func noMatchIsLeftOutAndNoneIsInvented(_ zone: String) throws {
        var random = SeededGenerator(seed: 42)
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: zone))
        for _ in 0..<60 {
            let pattern = Pattern(using: &random)
            let start = Int64.random(in: 29_000_000...32_000_000, using: &random) * 60
            let expression = try CronExpression(pattern.text, timeZone: zone)
            let expected = (1...2000).map { start + $0 * 60 }.first { pattern.matches($0, calendar) }
            let found = expression.next(after: Timestamp(milliseconds: start * 1000)).map { $0.milliseconds / 1000 }
            if let expected {
                #expect(found == expected, "\(expression) after \(start)")
            } else {
                #expect(found.map { $0 > start + 2000 * 60 } == true, "\(expression) after \(start)")
            }
        }
    }

    private func expectOrder(of expression: CronExpression, from: Timestamp) {
        var last = from
        for _ in 0..<5 {
            guard let next = expression.next(after: last) else { return }
            guard next > last, next.milliseconds % 1000 == 0 else {
                Issue.record("\(expression) after \(last): \(next)")
                return
            }
            last = next
        }
    }

    private static let zones = ["Etc/UTC", "Europe/Berlin", "Asia/Beirut", "Africa/Casablanca", "Pacific/Apia", "PST"]
    private static let pieces = [
        "*", "*", "*", "0", "1", "5", "7", "12", "29", "31", "59", "60", "-", "/", ",", "L", "#", "?", "W", "jan",
        "FRI",
        "sun", "2-4", "*/2", "5L", "5#5", " ", "999999999999999999999", "é", "\u{202E}", "-1", "*/0",
    ]

    private static func words(using random: inout SeededGenerator) -> String {
        let fields = (0..<Int.random(in: 1...7, using: &random)).map { _ in
            // Most are of one piece: else hardly any text would parse.
            (0...max(0, Int.random(in: -4...4, using: &random))).map { _ in
                pieces[Int.random(in: pieces.indices, using: &random)]
            }.joined()
        }
        return fields.joined(separator: " ")
    }

    private static func moment(using random: inout SeededGenerator) -> Timestamp {
        Timestamp(milliseconds: Int64.random(in: -62_000_000_000_000...253_000_000_000_000, using: &random))
    }
}

/// An expression for every hour, and what it means, apart.
private struct Pattern {
    let minutes: Set<Int>
    let days: Set<Int>
    let weekdays: Set<Int>

    init(using random: inout SeededGenerator) {
        minutes = Self.some(0...59, using: &random)
        days = Self.some(1...31, using: &random)
        weekdays = Self.some(0...6, using: &random)
    }

    var text: String { "\(Self.list(minutes, of: 60)) * \(Self.list(days, of: 31)) * \(Self.list(weekdays, of: 7))" }

    func matches(_ second: Int64, _ calendar: Calendar) -> Bool {
        let date = Date(timeIntervalSince1970: Double(second))
        let parts = calendar.dateComponents([.minute, .day, .weekday], from: date)
        guard let minute = parts.minute, let day = parts.day, let weekday = parts.weekday.map({ $0 - 1 }) else {
            return false
        }
        guard minutes.contains(minute) else { return false }
        if days.count == 31 { return weekdays.contains(weekday) }
        if weekdays.count == 7 { return days.contains(day) }
        return days.contains(day) || weekdays.contains(weekday)
    }

    /// A few of them, or all.
    private static func some(_ values: ClosedRange<Int>, using random: inout SeededGenerator) -> Set<Int> {
        let count = [1, 2, 3, values.count].randomElement(using: &random) ?? 1
        return Set(values.shuffled(using: &random).prefix(count))
    }

    private static func list(_ values: Set<Int>, of count: Int) -> String {
        values.count == count ? "*" : values.sorted().map(String.init).joined(separator: ",")
    }
}
