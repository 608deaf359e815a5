import Foundation

/// How long a head takes that its origin writes in small pieces.
struct PiecesBenchmark {
    let tools: Tools
    let rounds: Int

    func run() throws -> Section {
        var section = Section(
            title: "Heads in small pieces",
            method: """
                An origin in Python on loopback writes the head of its response in pieces, each by a call of its own. The time \
                until `answered`, in turns with the same head in one piece.
                """,
            header: ["bytes of the head", "bytes a piece", "ms until `answered`", "in one piece"])
        let origin = try Command(tools.python, tools.pieces).start(outputTo: .pipe)
        defer { origin.end() }
        let url = "http://127.0.0.1:\(origin.readLine())"
        for (size, piece) in [(500, 200), (2_000, 64), (2_000, 200), (8_000, 200), (16_000, 200), (16_000, 2_304)] {
            var inPieces: [Double] = []
            var inOne: [Double] = []
            for _ in 0..<rounds {
                inPieces.append(try answered("\(url)/\(size)/\(piece)"))
                inOne.append(try answered("\(url)/\(size)/\(size + 2)"))
            }
            let (time, whole) = (median(inPieces), median(inOne))
            section.rows.append([String(size), String(piece), rounded(time), rounded(whole)])
            section.judge("\(size) bytes in pieces of \(piece), ms more", time - whole, wanted: 20, decimals: 1)
        }
        return section
    }

    /// - Returns: Milliseconds.
    private func answered(_ url: String) throws -> Double {
        let outcome = try Command(tools.fletch, "--until", "answered", "--receipt", "json", url).run()
        guard let receipt = try? JSONDecoder().decode(Receipt.self, from: Data(outcome.output.utf8)) else {
            throw BenchmarkError("no answer from \(url): \(outcome.output)")
        }
        return receipt.ms.answered
    }

    private struct Receipt: Decodable {
        struct Moments: Decodable { let answered: Double }

        let ms: Moments
    }
}
