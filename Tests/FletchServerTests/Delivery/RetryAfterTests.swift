import FletchQueue
import Glibc
import Testing

@testable import FletchServer

@Suite struct RetryAfterTests {
    /// 2026-03-01T12:00:00Z
    private static let now = Timestamp(milliseconds: 1_772_366_400_000)

    @Test(arguments: [
        ("0", Int64(0)), ("1", 1_000), ("120", 120_000), ("007", 7_000), ("86400", 86_400_000), ("86401", 86_400_000),
        ("9223372036854775807", 86_400_000), ("9223372036854775808", 86_400_000),
        ("99999999999999999999999999999999", 86_400_000), ("00000000000000000000000000000001", 1_000),
    ])
    func secondsAreCutOffAfterADay(_ value: String, _ wait: Int64) {
        #expect(RetryAfter.milliseconds(value, at: Self.now) == wait)
    }

    @Test(arguments: [
        ("Sun, 01 Mar 2026 12:02:00 GMT", Int64(120_000)), ("Sunday, 01-Mar-26 12:02:00 GMT", 120_000),
        ("Sun Mar  1 12:02:00 2026", 120_000), ("Mon, 02 Mar 2026 12:00:00 GMT", 86_400_000),
        ("Mon, 02 Mar 2026 12:00:01 GMT", 86_400_000), ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400_000),
        ("Sun Mar 15 12:00:00 2026", 86_400_000), ("Sun, 01 Mar 2026 12:00:00 GMT", 0),
        ("Sun, 01 Mar 2026 11:59:59 GMT", 0), ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 0), ("Sun Nov  6 08:49:37 1994", 0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Sat, 01 Jan 0000 00:00:00 GMT", 0),
    ])
    func dateIsTheTimeUntilThen(_ value: String, _ wait: Int64) {
        #expect(RetryAfter.milliseconds(value, at: Self.now) == wait)
    }

    /// RFC 9110 §5.6.7 has these examples.
    @Test(arguments: [
        "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
    ])
    func allFormsOfADateAreRead(_ value: String) {
        let moment: Int64 = 784_111_777_000
        #expect(RetryAfter.milliseconds(value, at: Timestamp(milliseconds: moment - 5_250)) == 5_250)
        #expect(RetryAfter.milliseconds(value, at: Timestamp(milliseconds: moment)) == 0)
    }

    @Test func leapSecondIsTheNextOne() {
        let now = Timestamp(milliseconds: 1_483_228_799_000)
        #expect(RetryAfter.milliseconds("Sat, 31 Dec 2016 23:59:60 GMT", at: now) == 1_000)
        #expect(RetryAfter.milliseconds("Sun, 01 Jan 2017 00:00:00 GMT", at: now) == 1_000)
    }

    @Test func twoDigitsAreAYearAtMostFiftyAhead() {
        #expect(RetryAfter.milliseconds("Sunday, 01-Mar-76 12:00:00 GMT", at: Self.now) == 86_400_000)
        #expect(RetryAfter.milliseconds("Tuesday, 01-Mar-77 12:00:00 GMT", at: Self.now) == 0)
        let endOf1999 = Timestamp(milliseconds: 946_684_790_000)
        #expect(RetryAfter.milliseconds("Saturday, 01-Jan-00 00:00:00 GMT", at: endOf1999) == 10_000)
    }

    @Test(arguments: [
        "", " ", "-1", "+1", "1.5", "1e3", "0x10", "１２", "1,2", " 120", "120 ", "120s", "120\0", "soon", "null", "GMT",
        "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 GMT+1",
        "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 6 Nov 1994 08:49:37 GMT", "sun, 06 nov 1994 08:49:37 gmt",
        "Sun,06 Nov 1994 08:49:37 GMT", "Sun  06 Nov 1994 08:49:37 GMT", "06 Nov 1994 08:49:37 GMT",
        "Sun, 31 Feb 2026 08:49:37 GMT", "Sun, 29 Feb 2026 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 1994 8:49:37 GMT", "Son, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Okt 1994 08:49:37 GMT", "Sun, 06 Nov -994 08:49:37 GMT", "Sun, 06 Nov 94 08:49:37 GMT",
        "Sunday, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-1994 08:49:37 GMT", "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 6-Nov-94 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37", "Sun Nov 6 08:49:37 1994",
        "Sun Nov  06 08:49:37 1994", "Sun Nov  6 08:49:37 94", "Sun Nov  6 08:49:37 1994 GMT",
        "Sun Nov  0 08:49:37 1994", "2026-03-01T12:02:00Z", "Sun, ０6 Nov 1994 08:49:37 GMT",
    ])
    func otherTextIsNoWait(_ value: String) {
        #expect(RetryAfter.milliseconds(value, at: Self.now) == nil)
    }

    @Test(arguments: [Int64.min, -1, 0, 1, 4_102_444_800_000, .max]) func noClockTraps(_ now: Int64) {
        for value in [
            "1", "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
            "Fri, 31 Dec 9999 23:59:60 GMT", "Saturday, 01-Jan-00 00:00:00 GMT",
        ] {
            let wait = RetryAfter.milliseconds(value, at: Timestamp(milliseconds: now))
            #expect(wait.map { (0...RetryAfter.longestWait).contains($0) } == true, "\(value)")
        }
    }

    /// The C library writes all three forms.
    @Test(arguments: ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"])
    func everyDateIsReadAsItWasWritten(_ format: String) {
        var random = SeededGenerator(seed: 4)
        for _ in 0..<2_000 {
            let second = Int.random(in: 0...7_000_000_000, using: &random)
            let now = Timestamp(milliseconds: Int64(second) * 1_000 - 7_000)
            let text = Self.text(of: second, format)
            #expect(RetryAfter.milliseconds(text, at: now) == 7_000, "\(text)")
        }
    }

    private static func text(of second: Int, _ format: String) -> String {
        var (moment, parts) = (time_t(second), tm())
        guard gmtime_r(&moment, &parts) != nil else { return "" }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
            strftime(text.baseAddress, text.count, format, &parts)
            return text.baseAddress.map { String(cString: $0) } ?? ""
        }
    }
}
