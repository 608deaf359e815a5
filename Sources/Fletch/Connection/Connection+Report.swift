extension Connection {
    func reportReceipt(at index: Int) {
        guard let submission = takeUntold(at: index) else { return }
        if case .told = submission.listener { return }
        turn.noteReached()
        switch submission.listener {
        case .nobody: loop.release(submission)
        case .told: break
        case .observer(let observer, let tag):
            loop.tell(observer, pipeline[index].outcome(tag, nil, .unknown, from: submission.start))
        case .call(let call): loop.complete(call, .success(receipt(submission, at: index)))
        }
    }

    func reportFailure(at index: Int) {
        if turn.limits.resendsLostRequests, let submission = pipeline.takeResendable(at: index) {
            return loop.sendAgain(submission)
        }
        guard let submission = takeUntold(at: index) else { return }
        let failure = pipeline[index].reportedFailure ?? ExchangeFailure(.clientClosed)
        let certainty: Certainty = pipeline[index].hasBegun ? .unknown : submission.certainty
        // What has been answered is not asked once more.
        let mayPass = pipeline[index].status == nil
        switch submission.listener {
        case .nobody:
            if mayPass, loop.retry(submission, after: failure.code, certainty) { return }
            loop.end(submission, error(failure, certainty, submission, at: index))
        case .told: break
        case .observer(let observer, let tag):
            if mayPass, loop.retry(submission, after: failure.code, certainty) { return }
            turn.noteFailed(failure.code)
            loop.tell(observer, pipeline[index].outcome(tag, failure.code, certainty, from: submission.start))
        case .call(let call):
            turn.noteFailed(failure.code)
            loop.complete(call, .failure(error(failure, certainty, submission, at: index)))
        }
    }

    /// The request, where its caller has not been told.
    private func takeUntold(at index: Int) -> Submission? {
        guard let submission = pipeline[index].tell() else { return nil }
        if case .call(let call) = submission.listener { call.carrier = nil }
        return submission
    }

    /// How far the request has got by now.
    private func receipt(_ submission: Submission, at index: Int) -> Receipt {
        Receipt(
            url: submission.request.url, method: submission.request.method,
            moments: moments(at: index, from: submission.start),
            status: pipeline[index].status.map { .init(code: $0) }, location: pipeline[index].location,
            retryAfter: pipeline[index].retryAfter,
            bytesSent: pipeline[index].bytesSent, bytesReceived: pipeline[index].bytesReceived,
            reused: pipeline.servedCount + index > 0, remote: remote, security: security, body: pipeline[index].kept,
            isBodyComplete: pipeline[index].isBodyComplete)
    }

    /// Why the request did not reach its milestone.
    private func error(
        _ failure: ExchangeFailure, _ certainty: Certainty, _ submission: Submission, at index: Int
    ) -> FletchError {
        var words = failure.words
        // An answer that is known matters more than how the connection ended (RFC 9112 §9.5).
        if let status = pipeline[index].status, lacksAcknowledgement(at: index) {
            words =
                "the peer has answered \(status) before it had the whole request: see what that status asks for (\(words))"
        }
        var error = FletchError(failure.code, certainty, words, errorNumber: failure.errorNumber)
        error.receipt = receipt(submission, at: index)
        return error
    }

    /// Whether the peer may not have the whole request, and that is what has failed: not the rest of the response.
    private func lacksAcknowledgement(at index: Int) -> Bool {
        switch pipeline[index].sending {
        case .connecting, .writing: true
        case .written: pipeline[index].plan.milestone == .acknowledged
        case .acknowledged: false
        }
    }

    /// On a connection that was there already, resolving and connecting took no time.
    private func moments(at index: Int, from start: Moment) -> Receipt.Moments {
        func span(_ moment: Moment?) -> Duration? { moment.map { max($0, start) - start } }
        var moments = Receipt.Moments()
        moments.resolved = span(resolved)
        moments.connected = span(connected)
        moments.secured = span(secured)
        moments.written = span(pipeline[index].written)
        moments.acknowledged = span(pipeline[index].acknowledged)
        moments.answered = span(pipeline[index].answered)
        return moments
    }
}
