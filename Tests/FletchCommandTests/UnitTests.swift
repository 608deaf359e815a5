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
