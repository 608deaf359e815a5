import FletchQueue
import Foundation
import NIOCore
import Testing

@testable import FletchServer

/// What is remembered of an answer: the answer comes of it again, byte for byte, and it is short.
@Suite struct RememberedAnswerTests {
    private static func shortened(_ answer: [UInt8], to body: [UInt8]) -> [UInt8] {
        RememberedAnswer.shortened(body + answer, after: body.count)
    }

    /// Checks that the answer is the same.
    /// - Returns: How many bytes are remembered of it.
    @discardableResult
    private static func expectSame(
        _ answer: [UInt8], to body: [UInt8], sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Int {
        let stored = shortened(answer, to: body)
        let remembered = try RememberedAnswer(stored)
        #expect(remembered.byteCount == answer.count, sourceLocation: sourceLocation)
        // A body may be a part of another buffer.
        var buffer = ByteBuffer(string: "before")
        buffer.writeBytes(body)
        buffer.moveReaderIndex(forwardBy: 6)
        let isSame = try remembered.text(to: buffer) == answer
        #expect(isSame, sourceLocation: sourceLocation)
        return stored.count
    }

    private static func noise(_ count: Int, _ generator: inout SeededGenerator) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    /// Pieces of the body, of the answer itself, of noise and of a single byte, of all lengths.
    @Test(arguments: 0..<200 as Range<UInt64>) func anyAnswerComesBack(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let body = Self.noise(Int.random(in: 0...300, using: &generator), &generator)
        var answer: [UInt8] = []
        for _ in 0..<Int.random(in: 0...20, using: &generator) {
            let count = Int.random(in: 0...60, using: &generator)
            let text = body + answer
            let start = Int.random(in: 0...text.count, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: answer += Self.noise(count, &generator)
            case 1: answer += Array(repeating: 0x61, count: count)
            default: answer += text[start...].prefix(count)
            }
        }
        try Self.expectSame(answer, to: body)
    }

    @Test(arguments: [0, 1, 15, 16, 17, 31, 32, 33, 47, 100, 1_000])
    func bodyThatComesBackIsNotRemembered(_ count: Int) throws {
        var generator = SeededGenerator(seed: 1)
        let body = Self.noise(count, &generator)
        for before in 0..<20 {
            let length = try Self.expectSame(Self.noise(before, &generator) + body, to: body)
            #expect(length <= before + min(count, 31) + 16)
        }
    }

    @Test func bodyThatComesAThousandTimesIsNotRememberedEither() throws {
        var generator = SeededGenerator(seed: 2)
        let body = Self.noise(16_000, &generator)
        let answer = (0..<1_000).flatMap { Array("{\"id\":\"\($0)\",\"body\":\"".utf8) + body + Array("\"},".utf8) }
        #expect(try Self.expectSame(answer, to: body) < 20_000)
        // Nor is a text that the request does not have.
        #expect(try Self.expectSame(answer, to: []) < 40_000)
        #expect(try Self.expectSame(Array(repeating: 0x61, count: 1 << 20), to: []) < 200)
    }

    @Test func repetitionBehindALongTextThatRepeatsNothingIsFound() throws {
        var generator = SeededGenerator(seed: 4)
        let noise = Self.noise(200_000, &generator)
        #expect(try Self.expectSame(noise + noise, to: []) < 200_100)
        #expect(try Self.expectSame(noise, to: Array(noise.suffix(16_000))) < 184_100)
    }

    @Test func answerThatRepeatsNothingIsRememberedAsItIs() throws {
        var generator = SeededGenerator(seed: 3)
        for count in [0, 1, 15, 16, 63, 64, 20_000] {
            let answer = Self.noise(count, &generator)
            #expect(try Self.expectSame(answer, to: Self.noise(100, &generator)) <= count + 9)
        }
    }

    @Test(arguments: ["", "[]", #"{"id":"a"}"#]) func answerThatAnEarlierVersionStoredIsTheSame(_ text: String) throws {
        let remembered = try RememberedAnswer(Array(text.utf8))
        #expect(remembered.byteCount == text.utf8.count)
        #expect(try remembered.text(to: ByteBuffer(string: "{}")) == Array(text.utf8))
    }

    /// None is shorter than a block, none overlaps another or what it repeats, and each is what it says.
    @Test(arguments: 0..<50 as Range<UInt64>) func repetitionsAreApart(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var text = Self.noise(100, &generator)
        for _ in 0..<20 {
            let start = Int.random(in: 0..<text.count, using: &generator)
            text += text[start...].prefix(Int.random(in: 0...80, using: &generator))
            text += Array(repeating: 0x61, count: Int.random(in: 0...80, using: &generator))
        }
        var end = 100
        for repetition in Repetitions(in: text, from: 100) {
            let (range, source) = (repetition.range, repetition.source)
            #expect(range.lowerBound >= end && range.count >= 16 && source + range.count <= range.lowerBound)
            #expect(text[range].elementsEqual(text[source..<source + range.count]))
            end = range.upperBound
        }
        #expect(end > 100)
    }

    /// Room is made for as much as it says.
    @Test func lengthThatNoAnswerHasIsDamaged() throws {
        #expect(try RememberedAnswer([0, 0xC0, 0, 0, 0, 0x40, 0, 0, 0]).byteCount == 1 << 30)
        let error = #expect(throws: StoreError.self) { try RememberedAnswer([0, 0xC0, 0, 0, 0, 0x40, 0, 0, 1]) }
        #expect(error?.code == .damaged)
    }

    /// The length of the answer; pieces and repetitions by turns.
    @Test(
        arguments: [
            [1, 2, 0x61, 0x61], [3, 1, 0x61, 3, 0], [3, 1, 0x61, 0, 0, 2, 0x61, 0x61],
        ] as [[UInt8]])
    func answerThatIsLongerThanItSaysIsDamaged(_ stored: [UInt8]) {
        let error = #expect(throws: StoreError.self) {
            try RememberedAnswer([0] + stored).text(to: ByteBuffer(string: "0123456789"))
        }
        #expect(error?.code == .damaged)
    }

    @Test func whatIsDamagedIsToldOf() throws {
        let body = Array(String(repeating: "0123456789abcdef", count: 8).utf8)
        let answer = Array("before".utf8) + body + Array("between".utf8) + body
        let stored = Self.shortened(answer, to: body)
        for count in 1..<stored.count {
            let error = #expect(throws: StoreError.self) {
                try RememberedAnswer(Array(stored.prefix(count))).text(to: ByteBuffer(bytes: body))
            }
            #expect(error?.code == .damaged)
        }
        // Another answer, or none; the process goes on.
        for (index, byte) in stored.enumerated() {
            for bit in 0..<8 {
                var stored = stored
                stored[index] = byte ^ 1 << UInt8(bit)
                _ = try? RememberedAnswer(stored).text(to: ByteBuffer(bytes: body))
            }
        }
        // Whose request was longer.
        #expect(throws: StoreError.self) { try RememberedAnswer(stored).text(to: ByteBuffer()) }
    }
}
