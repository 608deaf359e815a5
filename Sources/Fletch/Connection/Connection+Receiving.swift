import CLinux
import Glibc

extension Connection {
    /// Reads what is there.
    /// - Parameter events: Of epoll; after any sign of an end it is read to the end, else one short read will do.
    func receive(_ events: UInt32) {
        let isEnding = events & (EPOLLRDHUP.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0
        while let socket {
            guard exchange.wantsToRead else { return noticeEnd(of: socket, events) }
            let isPeek = exchange.mayEndOnReading
            let count = socket.receive(into: loop.buffer, isPeek: isPeek)
            guard count > 0 else { return ended(Int32(-count)) }
            received(UnsafeRawBufferPointer(rebasing: loop.buffer[..<count]), isPeek: isPeek)
            guard isEnding || count == loop.buffer.count else { return }
        }
    }

    /// Bytes that end the exchange stay in the kernel: taking them out would have it announce a larger window.
    private func received(_ bytes: UnsafeRawBufferPointer, isPeek: Bool) {
        if exchange.sending < .written { progress = .now }
        handle(.received(bytes))
        if isPeek { socket?.discard(bytes.count) }
        openWindowIfNeeded()
    }

    /// A peer that answers while it reads, as an echo does, goes on reading only as fast as it gets rid of its answer:
    /// then a small window would hold the request up.
    private func openWindowIfNeeded() {
        guard !isWindowOpen, exchange.sending < .acknowledged, exchange.bytesReceived > Self.answerBytesBeforeOpening
        else { return }
        isWindowOpen = true
        socket?.openReceiveWindow()
    }

    private static let answerBytesBeforeOpening = HeadScanner.maximumHeadBytes

    /// The end of what there is to read for now, or for good.
    /// - Parameter number: `errno`; 0 for a FIN.
    private func ended(_ number: Int32) {
        switch number {
        case EAGAIN, EINTR: return
        case 0: handle(.peerFinished)
        default:
            lookForAcknowledgement()
            handle(
                .failed(ExchangeFailure(.receiveFailed, errorNumber: number, detail: String(cString: strerror(number))))
            )
        }
    }

    /// With unread bytes in the kernel only the events tell that the peer has left.
    private func noticeEnd(of socket: Socket, _ events: UInt32) {
        let number = events & EPOLLERR.rawValue != 0 ? socket.takeError() : 0
        if number != 0 {
            ended(number)
        } else if events & (EPOLLRDHUP.rawValue | EPOLLHUP.rawValue) != 0 {
            handle(.peerFinished)
        }
    }
}
