import Testing

@testable import Fletch

@Suite struct AnswerCounterTests {
    private func count(_ parts: [some Collection<UInt8>], isHeadRequest: Bool = false) -> AnswerCounter {
        var counter = AnswerCounter(isHeadRequest: isHeadRequest)
        for part in parts { Array(part).withUnsafeBytes { counter.take($0) } }
        return counter
    }

    private let three = Array(
        ("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody" + "HTTP/1.1 204 No Content\r\n\r\n"
            + "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n").utf8)

    @Test func answersAreCountedWhereverTheyAreSplit() {
        for place in three.indices { #expect(count([three[..<place], three[place...]]).count == 3, "\(place)") }
    }

    @Test func anAnswerCountsOnceItsBodyHasEnded() {
        for place in three.indices.dropFirst(41) { #expect(count([three[..<place]]).count < 3) }
        #expect(count([three[..<41]]).count == 0)
        #expect(count([three[..<42]]).count == 1)
    }

    @Test func answersToHeadHaveNoBody() {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
        #expect(count([Array((head + head).utf8)], isHeadRequest: true).count == 2)
    }

    @Test(arguments: ["garbage", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"])
    func whatCannotBeReadEndsTheCounting(_ text: String) {
        let counter = count([three, Array(text.utf8), three])
        #expect(counter.isBroken)
        #expect(counter.count == 3)
    }
}
