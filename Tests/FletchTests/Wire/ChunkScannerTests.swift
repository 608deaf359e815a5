import Testing

@testable import Fletch

@Suite struct ChunkScannerTests {
    private struct Outcome: Equatable {
        var kept: [UInt8] = []
        var isWellFormed = true
        var isOver = false
    }

    private func scan(_ parts: [ArraySlice<UInt8>]) -> Outcome {
        var scanner = ChunkScanner()
        var outcome = Outcome()
        for part in parts {
            let isWellFormed = part.withUnsafeBytes { bytes in
                scanner.consume(bytes) { outcome.kept.append(contentsOf: $0) } != nil
            }
            outcome.isWellFormed = outcome.isWellFormed && isWellFormed
        }
        outcome.isOver = scanner.isOver
        return outcome
    }

    private func scan(_ text: String) -> Outcome { scan([Array(text.utf8)[...]]) }

    @Test func chunksAreFollowedWhereverTheyAreSplit() {
        let bytes = Array("5\r\nhello\r\n1;name=\"v\"\r\n,\r\nA \r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nafter".utf8)
        let whole = Outcome(kept: Array("hello,0123456789".utf8), isWellFormed: true, isOver: true)
        for one in 0...bytes.count {
            for two in one...bytes.count {
                #expect(scan([bytes[..<one], bytes[one..<two], bytes[two...]]) == whole)
            }
        }
    }

    @Test(arguments: ["", "5", "5\r\n", "5\r\nhello", "5\r\nhello\r\n", "0\r\n", "0\r\nTrailer: x\r\n"])
    func bodyThatIsCutIsNotOver(_ text: String) {
        #expect(scan(text).isWellFormed)
        #expect(!scan(text).isOver)
    }

    @Test(arguments: ["x\r\n", "\r\n", "-1\r\n", "1\r\nab\r\n", "1\rx", "1000000000000000\r\n", "1\r\na\r\r\n"])
    func malformedChunksAreRefused(_ text: String) {
        #expect(!scan(text).isWellFormed)
    }

    @Test func bareLineFeedsAreAccepted() {
        #expect(scan("2\nok\n0\n\n") == Outcome(kept: Array("ok".utf8), isWellFormed: true, isOver: true))
    }
}
