import Fletch
import Testing

@testable import FletchCommand

@Suite struct ArgumentNormalizerTests {
    @Test(arguments: [
        (["send", "-fsSm10", "x"], ["-f", "-s", "-S", "-m", "10", "x"]),
        (["-XPOST", "-H", "-a: b", "x"], ["-X", "POST", "-H", "-a: b", "x"]),
        (["--data-raw", "-d", "x"], ["--data-raw", "-d", "x"]),
        (["-sd", "-1", "--", "-x"], ["-s", "-d", "-1", "--", "-x"]),
        (["-", "x", "send"], ["-", "x", "send"]),
        (["-m"], ["-m"]), (["-Ecert.pem", "-fEc"], ["-E", "cert.pem", "-f", "-E", "c"]),
    ])
    func spellsOut(given: [String], expected: [String]) throws {
        #expect(try ArgumentNormalizer.normalize(given) == expected)
    }

    /// Text would join the mark to the `=`.
    @Test func valueMayBeginWithACombiningMark() throws {
        #expect(try ArgumentNormalizer.normalize(["--data=\u{301}x", "u"]) == ["--data", "\u{301}x", "u"])
    }

    @Test(arguments: [["-sw", "x"], ["--form=a"], ["-L"], ["-fsSLO"], ["--include"]])
    func refuses(given: [String]) {
        #expect(throws: (any Error).self) { try ArgumentNormalizer.normalize(given) }
    }
}

@Suite struct ConnectionOptionsTests {
    @Test(arguments: [
        (["-4", "-6"], AddressFamily.ipv6), (["-6", "--ipv4"], .ipv4), (["--ipv6", "-6"], .ipv6), ([], .any),
    ])
    func lastVersionOfIPCounts(_ given: [String], _ family: AddressFamily) throws {
        #expect(try ConnectionOptions.parse(given).addressFamily == family)
    }

    /// As of a variable that is not set: it must not mean that any key will do.
    @Test(arguments: ["", ";", ";;"]) func listOfPinsThatIsEmptyIsRefused(_ pins: String) {
        #expect(throws: (any Error).self) { try ConnectionOptions.parse(["--pinnedpubkey", pins]).tls() }
    }

    @Test func addressesAreGivenForHostAndPort() throws {
        let options = try ConnectionOptions.parse([
            "--resolve", "A.test:080:127.0.0.1,[::1]", "--resolve", "+b.test:+81:::2",
        ])
        #expect(
            try options.addresses() == ["a.test:80": ["127.0.0.1", "::1"], "b.test:81": ["::2"]])
    }

    @Test(arguments: ["*:80:127.0.0.1", "h:80", "h:80:", "h:80:,", "h:x:127.0.0.1", "h:99999:127.0.0.1", ":80:::1"])
    func addressesThatCouldNotBeUsedAreRefused(_ given: String) throws {
        let options = try ConnectionOptions.parse(["--resolve", given])
        #expect(throws: (any Error).self) { try options.addresses() }
    }
}

@Suite struct TargetOptionsTests {
    /// What is allowed beside public addresses; nil where everything is.
    private func exceptions(_ given: [String]) throws -> [AddressBlock]? {
        guard case .publicOnly(let exceptions) = try ConnectionOptions.parse(given).addressPolicy() else { return nil }
        return exceptions
    }

    @Test func everyTargetIsAllowedByDefault() throws { #expect(try exceptions([]) == nil) }

    @Test func exceptionsMayBeRepeatedAndListed() throws {
        #expect(try exceptions(["--public-only"]) == [])
        let given = ["--allow-target", "10.0.0.0/8,fd00::/8", "--public-only", "--allow-target", "127.0.0.1"]
        #expect(try exceptions(given)?.map(\.description) == ["10.0.0.0/8", "fd00::/8", "127.0.0.1/32"])
    }

    /// As of a variable that is not set, or of an option that was forgotten: it must not mean that all is allowed.
    @Test(arguments: [
        ["--public-only", "--allow-target", ""], ["--public-only", "--allow-target", "10.0.0.0/8,"],
        ["--public-only", "--allow-target", ","], ["--public-only", "--allow-target", "localhost"],
        ["--public-only", "--allow-target", "10.0.0.1/8"], ["--allow-target", "10.0.0.0/8"],
    ])
    func exceptionThatCannotBeMeantIsRefused(_ given: [String]) throws {
        let options = try ConnectionOptions.parse(given)
        #expect(throws: (any Error).self) { try options.addressPolicy() }
    }
}

@Suite struct RateTests {
    @Test(arguments: [
        ("100", 100), ("100/s", 100), ("600/m", 10), ("7200/h", 2), ("50/1s", 50), ("5/100ms", 50), ("0.5", 0.5),
    ])
    func rateIsACountInATime(_ text: String, _ perSecond: Double) {
        #expect(Rate(argument: text)?.perSecond == perSecond)
    }

    @Test(arguments: ["", "0", "-1", "x", "1/", "1/x", "1/0s", "1/s/s", "nan", "inf", "1e300"])
    func whatIsNoRateIsRefused(_ text: String) { #expect(Rate(argument: text) == nil) }
}

@Suite struct CourseTests {
    private func second(_ number: Int64) -> Moment { Moment(nanoseconds: number * 1_000_000_000) }

    @Test func timeLeftFollowsFromWhatIsSent() {
        var course = Course(start: second(0), end: .never, repetitions: 4)
        #expect(course.timeLeft(at: second(10)) == nil)
        course.note(round: 1, fraction: 0)
        #expect(course.timeLeft(at: second(10)) == .seconds(30))
        course.note(round: 3, fraction: 1)
        #expect(course.timeLeft(at: second(40)) == .zero)
        course.note(round: 0, fraction: nil)
        #expect(course.timeLeft(at: second(10)) == nil)
    }

    @Test func whatTakesDecadesIsAsGoodAsEndless() {
        var course = Course(start: second(0), end: .never, repetitions: .max)
        course.note(round: 1, fraction: 0)
        #expect(course.timeLeft(at: second(10)) == nil)
        course = Course(start: second(0), end: second(60), repetitions: .max)
        course.note(round: 0, fraction: 1e-300)
        #expect(course.timeLeft(at: second(10)) == .seconds(50))
    }

    @Test func timeLeftEndsWithTheDuration() {
        var course = Course(start: second(0), end: second(60), repetitions: nil)
        #expect(course.timeLeft(at: second(10)) == .seconds(50))
        #expect(course.timeLeft(at: second(70)) == .zero)
        course = Course(start: second(0), end: second(60), repetitions: 100)
        course.note(round: 0, fraction: 0.5)
        #expect(course.timeLeft(at: second(10)) == .seconds(50))
    }
}

@Suite struct VolleyJobTests {
    @Test func pausesMayBeAsLongAsWasAskedFor() throws {
        let job = try VolleyJob(VolleyCommand.parse(["--retry", "2", "--retry-delay", "60", "x"]))
        #expect(job.configuration.retry.baseDelay == .seconds(60))
        #expect(job.configuration.retry.maximumDelay >= .seconds(120))
        let long = try VolleyJob(VolleyCommand.parse(["--retry", "2", "--retry-delay", "3600", "x"]))
        #expect(long.configuration.retry.maximumDelay == .seconds(3_600))
    }
}

@Suite struct FrameTests {
    @Test func everySplitOfAStreamGivesTheSameFrames() {
        let frames: [Frame] = [
            .text("", .standardError), .text("héllo\n", .standardOutput), .exit(-1), .exit(22),
        ]
        let bytes = frames.flatMap(\.encoded)
        for place in bytes.indices {
            var reader = FrameReader()
            var read: [Frame] = []
            for part in [bytes[..<place], bytes[place...]] {
                reader.append(Array(part))
                while let frame = reader.next() { read.append(frame) }
            }
            #expect(read == frames)
        }
    }
}

@Suite struct JSONTests {
    @Test func stringsAreEscaped() {
        #expect(JSON.string("a\"b\\c\n\u{1}ü") == "\"a\\\"b\\\\c\\u000a\\u0001ü\"")
    }

    @Test func millisecondsHaveThreeDecimals() {
        #expect(JSON.milliseconds(.microseconds(1_002_030)) == "1002.030")
    }
}

@Suite struct HeadTextTests {
    /// What `-v` says it does not show.
    @Test func valuesThatGiveAccessAreNotShown() {
        let head = """
            GET /a?x=1&token=%;api_key=%&empty=&flag&sig=%#f HTTP/1.1
            Host: h
            Authorization: %
            Proxy-Authorization: %
            Cookie: %
            X-Api-Key: %
            X-Auth-Token: %
            X-Hub-Signature-256: %
            Referer: http://h/?\u{301}&token=%
            Idempotency-Key: 7


            """.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
        let shown = HeadText.disguised(Array(head.utf8))
        #expect(!shown.contains("%"))
        #expect(
            shown.hasPrefix(
                "> GET /a?x=1&token=(not shown);api_key=(not shown)&empty=&flag&sig=(not shown)#f HTTP/1.1\n")
        )
        #expect(shown.contains("> X-Api-Key: (not shown)\n") && shown.contains("> Idempotency-Key: 7\n> \n"))
        #expect(HeadText.disguised(url: "http://h/?%74oken=x&a=b") == "http://h/?%74oken=(not shown)&a=b")
    }
}

@Suite struct DisguiseTests {
    @Test(arguments: [
        (
            ["-d", "S", "--json=S", "-usS", "http://a:S@h:1/p?S"],
            ["-d", "*", "--json=*", "-u**", "http://***@h:1/p**"]
        ),
        (["-fsSd", "S", "-fuS", "h/p?S#S"], ["-fsSd", "*", "-fu*", "h/p****"]),
        (["-x", "u:S@h", "--proxy=http://u:S@h", "-xu:S@h"], ["-x", "***@h", "--proxy=http://***@h", "-x***@h"]),
        (["--header", "-d", "-d", "--", "--data-raw", "S"], ["--header", "**", "-d", "**", "--data-raw", "*"]),
        (["volley", "-", "./file", "--", "-uS"], ["volley", "-", "./file", "--", "-u*"]),
        (["--user-agent", "--", "-d", "S", "-A--", "-uS"], ["--user-agent", "**", "-d", "*", "-A**", "-u*"]),
        (["--retry", "3", "-E", "c:S", "", "-u"], ["--retry", "3", "-E", "***", "", "-u"]),
        (["-o", "--", "-H", "S", "h/#S"], ["-o", "--", "-H", "*", "h/**"]),
    ])
    func secretsAreNotShown(_ arguments: [String], _ expected: [String]) {
        var disguise = Disguise()
        #expect(arguments.map { String(decoding: disguise.disguised(Array($0.utf8)), as: UTF8.self) } == expected)
    }
}

@Suite struct ByteTextTests {
    @Test func everyByteComesBack() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let bytes = (0..<Int.random(in: 0...12)).map { _ in
                // Leading and trailing bytes are what matters, and those of the characters that stand for bytes.
                [UInt8.random(in: 0...255, using: &generator), 0xF4, 0x8F, 0xBA, 0xBB, 0x80, 0xC3, 0xA9, 0x41]
                    .randomElement(using: &generator) ?? 0
            }
            #expect(ByteText.bytes(ByteText.text(bytes)) == bytes)
        }
        #expect(ByteText.text(Array("é\u{10FFFF}".utf8)) == "é\u{10FFFF}")
    }
}

@Suite struct RetryRuleTests {
    /// As curl: 0 is the default, which doubles.
    @Test(arguments: [([], [1, 2, 4]), (["--retry-delay", "0"], [1, 2, 4]), (["--retry-delay", "3"], [3, 3, 3])])
    func delayBetweenAttempts(_ options: [String], _ seconds: [Int]) throws {
        let rule = RetryRule(try TimeOptions.parse(["--retry", "5"] + options))
        let error = FletchError(.connectFailed, .notSent, "")
        #expect((0..<3).map { rule.delay(after: error, retryCount: $0) } == seconds.map { .seconds($0) })
    }
}
