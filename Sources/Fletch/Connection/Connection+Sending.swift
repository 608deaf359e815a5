extension Connection {
    /// Hands the kernel what it takes.
    func send() {
        guard let socket else { return }
        var turnBytes = 0
        while exchange.sending == .writing, let progress = outgoing?.send(on: socket) {
            switch progress {
            case .sent(let count):
                if turnBytes == 0, exchange.bytesSent > 0, remote?.isLocal == false { socket.sendWithoutDelay() }
                wrote(count)
                turnBytes += count
                isTurnPending = turnBytes >= Self.maximumTurnBytes
                if isTurnPending { return }
            case .blocked: return
            case .failed(let number): return sendFailed(ExchangeFailure(.sendFailed, errorNumber: number))
            case .fileShortened: return sendFailed(ExchangeFailure(.bodyUnreadable, detail: "it became shorter"))
            }
        }
        if exchange.awaitsAcknowledgement { lookForAcknowledgement() }
    }

    /// The kernel has taken so many bytes.
    func wrote(_ count: Int) {
        progress = .now
        let isWhole = outgoing?.isWhole ?? true
        if isWhole { outgoing = nil }
        handle(.wrote(count, isWhole: isWhole))
    }

    /// The truth about `acknowledged` is what the kernel still holds; looked at on every wake-up.
    func lookForAcknowledgement() {
        guard exchange.sending == .written, let socket else { return }
        let left = socket.unacknowledgedBytes
        if left == 0 {
            handle(.acknowledged)
        } else if left < unacknowledgedBytes {
            unacknowledgedBytes = left
            progress = .now
        }
    }

    /// An answer that came before the body was whole may still be there, and it matters more than the failure.
    private func sendFailed(_ failure: ExchangeFailure) {
        receive(UInt32.max)
        guard socket != nil else { return }
        handle(.failed(failure))
    }

    /// So much of one body before the loop turns to its other connections.
    private static let maximumTurnBytes = 4 << 20
}
