import Glibc

@testable import Fletch

/// What a ``ChaosOrigin`` does on one connection.
struct ChaosTurns {
    let seed: Int
    let number: Int
    let kinds: [ChaosAnswer.Kind]
    let connection: ScriptedConnection
    let log: Lock<ChaosOrigin.Log>

    func run() {
        var turn = 0
        repeat { turn += 1 } while take(turn)
    }

    /// - Returns: Whether the connection goes on.
    private func take(_ turn: Int) -> Bool {
        var generator = SeededGenerator(seed, number, turn)
        if generator.isOne(in: 40) { return leaveWhileReading(&generator) }
        let head = connection.readHead()
        guard let id = note(head), head.hasSuffix("\r\n\r\n") else { return false }
        let request = ChaosRequest(id)
        let attempt = log.withLock { $0.records[id]?.seenCount ?? 0 }
        let answer = ChaosAnswer(
            to: id, attempt: attempt, seed: seed, isHeadRequest: request.method == .head, kinds: kinds)
        let isEarly = generator.isOne(in: 10)
        if !isEarly, !readBody(of: request) { return false }
        send(answer, to: id)
        if isEarly, !readBody(of: request) { return false }
        return goesOn(after: answer)
    }

    private func leaveWhileReading(_ generator: inout SeededGenerator) -> Bool {
        _ = note(String(decoding: connection.read(generator.number(in: 0..<100)), as: UTF8.self))
        if generator.isOne(in: 2) { connection.endWithReset() }
        return false
    }

    private func note(_ head: String) -> Int? {
        let id = ChaosRequest.id(in: head)
        log.withLock { log in
            guard let id else { return }
            log.records[id, default: ChaosOrigin.Record()].seenCount += 1
            log.records[id]?.readBytes += head.utf8.count
        }
        return id
    }

    /// - Returns: Whether it has come whole.
    private func readBody(of request: ChaosRequest) -> Bool {
        let body = connection.read(request.bodyBytes)
        log.withLock { log in
            log.records[request.id]?.readBytes += body.count
            if body.count == request.bodyBytes, body != request.body { log.records[request.id]?.damagedCount += 1 }
        }
        return body.count == request.bodyBytes
    }

    private func send(_ answer: ChaosAnswer, to id: Int) {
        pause(answer.delayMicroseconds)
        var start = 0
        while start < answer.bytes.count {
            let end = min(answer.bytes.count, start + min(answer.pieceBytes, answer.bytes.count))
            log.withLock { log in
                log.writtenBytes += end - start
                guard let headEnd = answer.headEnd, start < headEnd, headEnd <= end else { return }
                log.records[id]?.statuses.insert(answer.status)
                log.finalHeadCount += 1
            }
            connection.write(Array(answer.bytes[start..<end]))
            start = end
            pause(answer.pauseMicroseconds)
        }
    }

    private func goesOn(after answer: ChaosAnswer) -> Bool {
        switch answer.ending {
        case .stay: return true
        case .fin: return false
        case .rst:
            connection.endWithReset()
            return false
        case .silence:
            _ = connection.departure()
            return false
        }
    }

    private func pause(_ microseconds: Int) {
        guard microseconds > 0 else { return }
        var span = timespec(tv_sec: 0, tv_nsec: microseconds * 1_000)
        nanosleep(&span, nil)
    }
}
