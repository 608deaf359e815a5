import Glibc

extension Connection {
    /// Hands the kernel what it takes.
    func send() {
        var turnBytes = 0
        while let socket, let index = pipeline.unsentIndex {
            switch sendSome(on: socket, index) {
            case .sent(let count):
                if index > 0 || pipeline[index].bytesSent > 0 { sendWithoutDelay(on: socket) }
                wrote(count)
                turnBytes += count
                isTurnPending = turnBytes >= Self.maximumTurnBytes && pipeline.unsentIndex != nil
                if isTurnPending { return }
            case .blocked: return
            case .failed(let number): return sendFailed(ExchangeFailure(.sendFailed, errorNumber: number))
            case .fileFailed(let number): return fileFailed(number, at: index)
            }
        }
        if socket != nil, pipeline.awaitsAcknowledgement { lookForAcknowledgement() }
    }

    /// What follows something that may be unacknowledged would be held back until it is (RFC 896).
    private func sendWithoutDelay(on socket: Socket) {
        guard !isUndelayed else { return }
        isUndelayed = true
        if remote?.isLocal == false { socket.sendWithoutDelay() }
    }

    /// One system call's worth of the requests from `index` on.
    private func sendSome(on socket: Socket, _ index: Int) -> SendProgress {
        if let tls { return sendRecord(on: tls, index) }
        if let gathered = gather(from: index) { return socket.send(gathered) }
        guard let (request, offset) = pipeline.unsent(at: index) else { return .blocked }
        return Outgoing.send(request, from: offset, on: socket)
    }

    /// Several small requests in one piece: copying them costs less than a system call for each.
    private func gather(from first: Int) -> UnsafeRawBufferPointer? {
        guard pipeline.count > first + 1 else { return nil }
        var space = turn.outBuffer[...]
        for index in first..<pipeline.count {
            guard let (request, offset) = pipeline.unsent(at: index),
                let count = Outgoing.copy(request, from: offset, into: space)
            else { break }
            space = space.dropFirst(count)
        }
        let count = space.startIndex
        return count > 0 ? UnsafeRawBufferPointer(rebasing: turn.outBuffer[..<count]) : nil
    }

    /// One record's worth of the requests from `index` on.
    ///
    /// A record that the kernel does not take at once goes out all the same, as it is: the requests in it have begun.
    private func sendRecord(on tls: TLSStream, _ index: Int) -> SendProgress {
        if let blocked = tls.blocked { return blocked.withUnsafeBytes { tls.write($0, at: pipeline.writtenBytes) } }
        let (count, end) = gatherRecord(from: index)
        guard count > 0 else {
            return .fileFailed(pipeline.unsent(at: index).flatMap { Outgoing.fault(of: $0.request, at: $0.offset) })
        }
        let before = tls.recordBytes
        let bytes = UnsafeRawBufferPointer(rebasing: turn.outBuffer[..<count])
        let progress = tls.write(bytes, at: pipeline.writtenBytes)
        if case .sent = progress { return progress }
        guard progress == .blocked || tls.recordBytes > before else { return progress }
        for begun in index..<end { handle(.began, at: begun) }
        return progress
    }

    /// Up to where a body's file has become shorter, which is said when it is that request's turn.
    /// - Returns: How many bytes, and before which request they end.
    private func gatherRecord(from first: Int) -> (byteCount: Int, end: Int) {
        var space = turn.outBuffer[..<Self.maximumRecordBytes]
        var end = first
        while end < pipeline.count, !space.isEmpty, let (request, offset) = pipeline.unsent(at: end) {
            let wanted = min(request.byteCount - offset, space.count)
            let count = Outgoing.copySome(of: request, from: offset, into: space)
            space = space.dropFirst(count)
            if count > 0 { end += 1 }
            guard count == wanted else { break }
        }
        return (space.startIndex, end)
    }

    /// The kernel has taken so many bytes.
    func wrote(_ count: Int) {
        turn.tick()
        progress = turn.now
        unacknowledgedBytes = .max
        turn.statistics.sentBytes += count
        pipeline.wrote(count)
        while let step = pipeline.nextWritten() { perform(step) }
    }

    /// The truth about `acknowledged` is what the kernel still holds; looked at while something waits for it.
    func lookForAcknowledgement() {
        guard let socket, pipeline.writtenBytes > 0 else { return }
        let left = socket.unacknowledgedBytes
        let offset = acknowledgedBytes(unacknowledged: left)
        while left >= 0, !isOver, let step = pipeline.nextAcknowledged(upTo: offset) { perform(step) }
        if left < unacknowledgedBytes {
            unacknowledgedBytes = left
            progress = turn.now
        }
    }

    /// Of a Unix socket the kernel tells the memory, which is more than the bytes in it: there, too, an answer says that its
    /// request has been read.
    private func acknowledgedBytes(unacknowledged left: Int32) -> Int {
        let bytes = tls?.acknowledgedBytes(unacknowledged: left) ?? pipeline.writtenBytes - Int(max(0, left))
        guard left > 0, remote?.isLocal == true, !pipeline.isEmpty, pipeline[0].isAnsweredWhole else { return bytes }
        return max(bytes, pipeline[0].endOffset)
    }

    private func fileFailed(_ number: Int32?, at index: Int) {
        let words = number.map { String(cString: strerror($0)) } ?? "it became shorter"
        handle(.failed(ExchangeFailure(.bodyUnreadable, errorNumber: number, detail: words)), at: index)
    }

    /// An answer that came before the body was whole may still be there, and it matters more than the failure.
    private func sendFailed(_ failure: ExchangeFailure) {
        receive(UInt32.max)
        if socket != nil { lose(.failed(failure)) }
    }

    /// RFC 8446 §5.1.
    private static let maximumRecordBytes = 16_384

    /// So much of one body before the loop turns to its other connections.
    private static let maximumTurnBytes = 4 << 20
}
