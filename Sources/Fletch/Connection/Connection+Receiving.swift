import CLinux
import Glibc

extension Connection {
    /// Reads what is there.
    /// - Parameter events: Of epoll; after any sign of an end it is read to the end, else one short read will do.
    func receive(_ events: UInt32) {
        let isEnding = events & (EPOLLRDHUP.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0
        while let socket {
            guard !pipeline.isEmpty else { return isQuiet ? () : finish(isReset: true) }
            guard pipeline[0].wantsToRead else { return noticeEnd(of: socket, events) }
            let unwantedBytes = pipeline[0].discardableBytes
            if unwantedBytes > turn.buffer.count, tls == nil {
                guard discard(unwantedBytes, on: socket) else { return }
                continue
            }
            let isPeek = mayEndOnReading
            let count = tls?.read(into: turn.buffer) ?? socket.receive(into: turn.buffer, isPeek: isPeek)
            guard count > 0 else { return ended(Int32(-count)) }
            received(UnsafeRawBufferPointer(rebasing: turn.buffer[..<count]), isPeek: isPeek)
            // The end may have come with the last answer, and is not announced again.
            guard isEnding || !pipeline.isEmpty && (count == turn.buffer.count || tls != nil) else { return }
            // What is read beyond an answer is read for its acknowledgement's sake, which may be there by now.
            if pipeline.awaitsAcknowledgement { lookForAcknowledgement() }
        }
    }

    /// Bytes that end the connection had better stay in the kernel: taking them out would have it announce a larger
    /// window. A connection that has been kept once is expected to be kept again.
    private var mayEndOnReading: Bool {
        tls == nil && pipeline.servedCount == 0 && pipeline.count == 1 && pipeline[0].mayEndOnReading
    }

    private func received(_ bytes: UnsafeRawBufferPointer, isPeek: Bool) {
        hasHeard = true
        if pipeline.unsentIndex != nil { progress = turn.now }
        deliver(bytes)
        openWindowIfNeeded(after: bytes.count)
        if isPeek { socket?.discard(bytes.count) }
        // A peer that writes in small pieces sends the next once it knows that the last has come (RFC 896).
        if !pipeline.isEmpty, pipeline[0].awaitsRest { socket?.acknowledgeAtOnce() }
    }

    /// Deals received bytes out to the exchanges, in order.
    private func deliver(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes
        while !rest.isEmpty, socket != nil {
            guard pipeline.expectsBytes else { return refuse() }
            // An answer acknowledges its request, and has to be out of the way of the next.
            if pipeline.count > 1, pipeline[0].isAnsweredWhole { lookForAcknowledgement() }
            guard pipeline.expectsBytes else { continue }
            let (step, count) = pipeline.receive(rest, windowBytes: Int(windowBytes ?? 0))
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            turn.statistics.receivedBytes += count
            if pipeline.count > 1, !pipeline.isClosing, pipeline[0].endsConnection {
                giveUpFollowers()
            }
            performFirst(step)
        }
    }

    /// Bytes that nobody has asked for: whatever they are, nothing after them could be trusted.
    private func refuse() {
        if pipeline.isEmpty { return finish(isReset: true) }
        lose(.failed(ExchangeFailure(.receiveFailed, detail: "bytes came before the request was sent")))
    }

    /// - Returns: Whether there may be more to read.
    private func discard(_ count: Int, on socket: Socket) -> Bool {
        let dropped = socket.discard(count)
        guard dropped > 0 else {
            ended(Int32(-dropped))
            return false
        }
        turn.statistics.receivedBytes += dropped
        handle(.discarded(dropped))
        return true
    }

    /// A peer that answers while it reads, as an echo does, goes on reading only as fast as it gets rid of its answer:
    /// then a small window would hold the request up. And one that sends a head or a body piece by piece would be held up
    /// by a window that does not take a whole packet beside the small ones: it waits 200 ms each time before it fills
    /// that. To be called before what has come is taken out of the kernel, which tells the peer of the larger window.
    private func openWindowIfNeeded(after count: Int) {
        guard !pipeline.isEmpty, let socket else { return }
        if pipeline[0].isAmidHead, !hasFilledWindow(count) {
            openWindow(to: Socket.windowBytesForPieces, on: socket)
        }
        let isMoreThanAHead = pipeline[0].bytesReceived > HeadScanner.maximumHeadBytes
        if isMoreThanAHead, pipeline[0].sending == .written { lookForAcknowledgement() }
        guard !pipeline.isEmpty else { return }
        if isMoreThanAHead, pipeline[0].sending < .acknowledged {
            openWindow(to: Socket.maximumUnscaledWindowBytes, on: socket)
        } else if pipeline[0].isDiscardingUntilTheEnd {
            openWindow(to: Int32(clamping: pipeline[0].plan.discardBudgetBytes / 16), on: socket)
        }
    }

    /// Whether the peer may have sent so much because no more fitted: it fills the small window once, and then as often half
    /// of it as is announced anew (measured with Linux). A head that is written in one piece needs no larger window.
    private func hasFilledWindow(_ count: Int) -> Bool {
        guard let windowBytes, windowBytes > 1 else { return true }
        return count % Int(windowBytes / 2) == 0
    }

    /// An answer that was worth reading hardly fitted: the next one like it would take another round trip.
    func growWindow(after bytes: Int) {
        guard let windowBytes, bytes > Int(windowBytes) * 3 / 4, let socket else { return }
        openWindow(to: windowBytes * 2, on: socket)
    }

    func openWindow(to bytes: Int32, on socket: Socket) {
        guard let windowBytes, windowBytes < min(bytes, Socket.maximumUnscaledWindowBytes) else { return }
        self.windowBytes = min(bytes, Socket.maximumUnscaledWindowBytes)
        socket.openReceiveWindow(bytes: min(bytes, Socket.maximumUnscaledWindowBytes))
    }

    /// The end of what there is to read for now, or for good.
    /// - Parameter number: `errno`; 0 for a FIN.
    private func ended(_ number: Int32) {
        switch number {
        case EAGAIN, EINTR: return
        case 0:
            // Reading goes on saying so when a reset has followed.
            if let error = socket?.takeError(), error != 0 { return ended(error) }
            peerFinished()
        default:
            lookForAcknowledgement()
            let words = tls?.words ?? String(cString: strerror(number))
            if tls?.isCutOff == true { return lose(.cutOff(words)) }
            lose(.failed(ExchangeFailure(.receiveFailed, errorNumber: number, detail: words)))
        }
    }

    private func peerFinished() {
        pipeline.close()
        giveBackUnsent()
        if pipeline.isEmpty { return finish(isReset: true) }
        for index in pipeline.indices.reversed() where index < pipeline.count { handle(.peerFinished, at: index) }
    }

    /// The connection is lost: for everyone on it.
    func lose(_ event: ExchangeEvent) {
        pipeline.close()
        if pipeline.servedCount > 0 || pipeline.count > 1 { giveBackUnsent() }
        while !isOver, !pipeline.isEmpty { handle(event, at: pipeline.count - 1) }
        finish(isReset: false)
    }

    /// With unread bytes in the kernel only the events tell that the peer has left.
    private func noticeEnd(of socket: Socket, _ events: UInt32) {
        let number = events & EPOLLERR.rawValue != 0 ? socket.takeError() : 0
        if number != 0 {
            ended(number)
        } else if events & (EPOLLRDHUP.rawValue | EPOLLHUP.rawValue) != 0 {
            peerFinished()
        }
    }
}
