import Testing

@testable import Fletch

/// Oversized, endless and random input: an outcome every time, never a trap.
@Suite struct HostileHeadTests {
    private func feed(_ parts: some Sequence<[UInt8]>, limit: Int = .max) -> (HeadScanner.Outcome, count: Int) {
        var scanner = HeadScanner(isHeadRequest: false)
        var count = 0
        for part in parts {
            count += part.count
            let outcome = part.withUnsafeBytes { scanner.scan($0) }
            if outcome != .incomplete || count >= limit { return (outcome, count) }
        }
        return (.incomplete, count)
    }

    @Test func endlessHeadIsRefusedAtSixteenKiB() {
        let (outcome, count) = feed(sequence(first: Array("HTTP/1.1 200 OK\r\n".utf8)) { _ in Array("A: b\r\n".utf8) })
        #expect(outcome == .invalid(.headTooLarge))
        #expect(count <= HeadScanner.maximumHeadBytes + 100)
    }

    @Test func endlessInterimResponsesAreRefusedAtSixtyFourKiB() {
        let interim = Array("HTTP/1.1 102 Processing\r\n\r\n".utf8)
        let (outcome, count) = feed(sequence(first: interim) { _ in interim })
        #expect(outcome == .invalid(.tooManyInterimResponses))
        #expect(count <= HeadScanner.maximumInterimBytes + 100)
    }

    @Test func headOfJustSixteenKiBIsRead() {
        let start = "HTTP/1.1 200 OK\r\nA: "
        let filler = String(repeating: "a", count: HeadScanner.maximumHeadBytes - start.utf8.count - 4)
        let bytes = Array((start + filler + "\r\n\r\n").utf8)
        #expect(bytes.count == HeadScanner.maximumHeadBytes)
        guard case (.complete, _) = feed([bytes]) else {
            Issue.record("refused")
            return
        }
        guard case (.complete, _) = feed(bytes.map { [$0] }) else {
            Issue.record("refused byte by byte")
            return
        }
    }

    @Test func randomBytesNeverTrap() {
        var random = SplitMix(state: 1)
        let words = [
            "HTTP/1.1 ", "200", " OK", "\r\n", "\n", ":", "Content-Length", "Transfer-Encoding", "chunked", "\0", " ",
        ]
        for _ in 0..<20_000 {
            var bytes = Array("HTTP/1.1 200".utf8)
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                if Bool.random(using: &random) {
                    bytes += Array((words.randomElement(using: &random) ?? "").utf8)
                } else {
                    bytes.append(UInt8.random(in: 0...255, using: &random))
                }
            }
            let cut = Int.random(in: 0...bytes.count, using: &random)
            let whole = feed([bytes]).0
            let split = feed([Array(bytes[..<cut]), Array(bytes[cut...])]).0
            #expect(isSame(whole, split), "\(bytes) cut at \(cut): \(whole), \(split)")
        }
    }

    /// Where the body starts depends on the cut; the head does not.
    private func isSame(_ one: HeadScanner.Outcome, _ other: HeadScanner.Outcome) -> Bool {
        switch (one, other) {
        case (.complete(let one, _), .complete(let other, _)): one == other
        default: one == other
        }
    }
}

/// A generator with a fixed seed, so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
