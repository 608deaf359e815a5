/// How requests leave the connection before their answer, and how the connection ends.
extension Connection {
    /// One exchange has ended, and mostly the connection with it; those behind it have no answer to expect.
    func end(_ step: Pipeline.Step) {
        let wasClosing = pipeline.isClosing
        if step.actions.contains(.close) {
            isResetRuledOut = true
            if pipeline[step.index].sending != .acknowledged { mayHaveUnacknowledged = true }
        }
        pipeline.popEnded(at: step.index)
        if pipeline.isEmpty, socket == nil || pipeline.isClosing { return finish(isReset: true) }
        guard pipeline.isClosing, !wasClosing else { return }
        giveBackUnsent()
        for index in pipeline.indices.reversed() where index < pipeline.count { handle(.peerFinished, at: index) }
    }

    /// What has not been sent on a connection that ends goes out on another.
    ///
    /// The first of a new connection is not: who refuses it would refuse it again.
    func giveBackUnsent() {
        while let submission = pipeline.takeUnsent() { loop.sendAgain(submission) }
    }

    /// Nothing behind the first request is answered on this connection. What the server has said that it does not process
    /// (RFC 9112 §9.6) goes out on another, though it has been sent; the rest is lost as if the peer had closed.
    func giveUpFollowers() {
        pipeline.close()
        if pipeline[0].saysClose {
            for index in pipeline.indices.dropFirst().reversed() {
                if let submission = pipeline.takeUnprocessed(at: index) { loop.sendAgain(submission) }
            }
        }
        giveBackUnsent()
        for index in pipeline.indices.dropFirst().reversed() where index < pipeline.count {
            handle(.peerFinished, at: index)
        }
    }

    /// The client ends and takes its connections with it.
    func abandon() {
        // The callers that are left are told so: no request is sent again.
        pipeline.close()
        for index in pipeline.indices.reversed() where index < pipeline.count { handle(.abandoned, at: index) }
        finish(isReset: true)
    }

    /// Ends the connection; nobody is left on it.
    /// - Parameter isReset: Whether with a reset, where none of the exchanges has asked for an orderly end.
    func finish(isReset: Bool) {
        guard !isOver else { return }
        isOver = true
        if wasNotReached { pool.noteNotConnected() }
        if holdsSocket { loop.relieveFirst() }
        for attempt in attempts { attempt.socket.close() }
        attempts = []
        unprepared?.socket.close()
        unprepared = nil
        if let socket {
            finishTLS()
            if isReset, !isResetRuledOut {
                socket.reset()
            } else {
                // Unread bytes turn a close into a reset, which destroys what is not yet acknowledged.
                if mayHaveUnacknowledged { socket.discard(Int(Int32.max)) }
                socket.close()
            }
        }
        socket = nil
        tls = nil
        loop.remove(self)
        pool.remove(self)
    }

    /// Sessions come behind the handshake, and may be there unread; an orderly end is told.
    private func finishTLS() {
        guard let tls else { return }
        if !hasHeard { _ = tls.read(into: turn.buffer) }
        if isResetRuledOut { tls.notifyClose() }
    }
}
