import Testing

@testable import FletchQueue

@Suite struct CronErrorTests {
    @Test(arguments: [
        "", " \n", "nonsense", "every day at noon", "* * * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *",
        "* * 32 * *",
        "* * * 0 *", "* * * 13 *", "* * * * 8", "-1 * * * *", "1- * * * *", "-5-10 * * * *", "1-2-3 * * * *",
        "+1 * * * *",
        "*/0 * * * *", "*/ * * * *", "/5 * * * *", "*/-1 * * * *", "1/2/3 * * * *", "*/x * * * *", "1.5 * * * *",
        "1e1 * * * *", "0x1 * * * *", ", * * * *", "1, * * * *", ",1 * * * *", "1,,2 * * * *", "** * * * *",
        "*-5 * * * *",
        "5-* * * * *", "* * 15W * *", "* * LW * *", "* * W * *", "* * L-3 * *", "* * 5L * *", "* * L/2 * *",
        "L * * * *",
        "? * * * *", "* * * ? *", "* * * L *", "* * * * L", "* * * * 8L", "* * * * 5L2", "* * * * 5#0", "* * * * 5#6",
        "* * * * 5#", "* * * * #2", "* * * * *#2", "* * * * 5#2#3", "* * * * 1-5#2", "* * 5#2 * *", "* * * * monday",
        "* * * * mo", "* * * january *", "jan * * * *", "* * mon * *", "@", "@never", "@reboot", "@daily @daily",
        "0 @daily * * *", "99999999999999999999 * * * *", "* * * * 5#99999999999999999999",
        "*/18446744073709551616 * * * *",
        "１ * * * *", "١ * * * *", "* * * * 5\u{301}", "0\u{0} * * * *", "*\u{A0}* * * *", "🦊 * * * *",
        "* * * * \u{202E}",
        String(repeating: "1,", count: 600) + "1 * * * *", String(repeating: "*", count: 100_000),
    ])
    func malformedExpressionsAreRefused(_ text: String) {
        let error = #expect(throws: CronError.self) { try CronExpression(text, timeZone: "No/Where") }
        #expect(error?.code == .invalidExpression)
        #expect((error?.message.count ?? .max) < 300)
    }

    @Test(arguments: [
        "0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 30-31 feb ?", "0 0 31 2,4 0-7", "* * * 30,31 2 *", "0 0 31 11 */1",
    ])
    func whatNeverFiresIsRefused(_ text: String) {
        let error = #expect(throws: CronError.self) { try CronExpression(text) }
        #expect(error?.code == .neverFires)
        #expect(error?.message.contains(text) == true)
    }

    @Test(arguments: [
        ("61 * * * *", ["minute", "`61`", "61 is not from 0 to 59", "*/15"]),
        ("* 5-x * * *", ["hour", "`5-x`", "`x` is no value", "0 to 23"]),
        ("* * 15W * *", ["day of month", "`15W`", "`W` is not known", "`L`"]),
        ("* * * foo *", ["month", "`foo`", "`jan`"]),
        ("* * * * 5#9", ["day of week", "`5#9`", "1 to 5"]),
        ("*/0 * * * * *", ["second", "`*/0`", "at least 1"]),
        ("@often", ["`@often`", "@daily", "@hourly"]),
        ("", ["empty", "`@daily`"]),
    ])
    func theMessageNamesFieldValueAndRemedy(_ text: String, _ parts: [String]) {
        let error = #expect(throws: CronError.self) { try CronExpression(text) }
        for part in parts {
            #expect(error?.message.contains(part) == true, "\(part) is not in: \(error?.message ?? "")")
        }
    }

    @Test func quotedInputIsShortAndCannotMoveACursor() {
        let hostile = "\u{1B}[2J\u{202E}" + String(repeating: "x", count: 200)
        let error = #expect(throws: CronError.self) { try CronExpression(hostile) }
        #expect(error?.message.unicodeScalars.contains("\u{1B}") == false)
        #expect(error?.message.unicodeScalars.contains("\u{202E}") == false)
        #expect(error?.message.contains(String(repeating: "x", count: 41)) == false)
    }

    @Test(arguments: [
        "", " ", "Europe/Nowhere", "Mars/Olympus", "PST", "IST", "GMT+3", "UTC+2", "+02:00", "Z", "localtime",
        "Factory",
        "../etc/passwd", "/etc/localtime", "Europe/", "Europe/Berlin\u{0}", "Europe/Berlin ", "Europe/Bérlin",
        "Etc/GMT+99",
        "🦊", String(repeating: "a/", count: 100_000),
    ])
    func unknownZonesAreAnErrorOfTheirOwn(_ zone: String) {
        let error = #expect(throws: CronError.self) { try CronExpression("* * * * *", timeZone: zone) }
        #expect(error?.code == .unknownTimeZone)
        #expect(error?.message.contains("`Europe/Berlin`") == true)
    }

    @Test(arguments: [
        "UTC", "utc", "Etc/UTC", "etc/utc", "GMT", "Zulu", "europe/berlin", "EUROPE/BERLIN",
        "America/Argentina/Buenos_Aires",
        "Asia/Calcutta", "US/Eastern", "EST5EDT", "Etc/GMT+5", "Etc/GMT-14", "Japan", "GB-Eire",
    ])
    func namesOfIANAAreKnown(_ zone: String) throws {
        #expect(try CronExpression("* * * * *", timeZone: zone).timeZone == zone)
    }
}
