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
        (["-m"], ["-m"]),
    ])
    func spellsOut(given: [String], expected: [String]) throws {
        #expect(try ArgumentNormalizer.normalize(given) == expected)
    }

    @Test(arguments: [["-sw", "x"], ["--form=a"], ["-L"], ["-fsSLO"], ["--include"]])
    func refuses(given: [String]) {
        #expect(throws: (any Error).self) { try ArgumentNormalizer.normalize(given) }
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

@Suite struct PercentEncodingTests {
    @Test func onlyUnreservedCharactersStay() {
        #expect(PercentEncoding.encode("a b/ü~") == "a%20b%2F%C3%BC~")
    }
}
