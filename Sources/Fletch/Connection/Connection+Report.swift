extension Connection {
    func reportReceipt(at index: Int) {
        guard let submission = takeUntold(at: index) else { return }
        loop.noteReached()
        switch submission.listener {
        case .nobody: loop.release(submission)
        case .observer(let observer, let tag): loop.tell(observer, outcome(tag, nil, .unknown, submission, at: index))
        case .call(let call): loop.complete(call, .success(receipt(at: index)))
        }
    }

    func reportFailure(at index: Int) {
        if let submission = pipeline.takeResendable(at: index) { return loop.sendAgain(submission) }
        guard let submission = takeUntold(at: index) else { return }
        let exchange = pipeline[index].exchange
        let failure = exchange.reportedFailure ?? ExchangeFailure(.clientClosed)
        let certainty: Certainty = exchange.bytesSent == 0 ? submission.certainty : .unknown
        switch submission.listener {
        case .nobody:
            if loop.retry(submission, after: failure.code, certainty) { return }
            loop.end(submission, error(failure, certainty, at: index))
        case .observer(let observer, let tag):
            if loop.retry(submission, after: failure.code, certainty) { return }
            loop.noteFailed(failure.code)
            loop.tell(observer, outcome(tag, failure.code, certainty, submission, at: index))
        case .call(let call):
            loop.noteFailed(failure.code)
            loop.complete(call, .failure(error(failure, certainty, at: index)))
        }
    }

    /// The request, where its caller has not been told.
    private func takeUntold(at index: Int) -> Submission? {
        guard let submission = pipeline[index].submission, !pipeline[index].isTold else { return nil }
        pipeline[index].noteTold()
        if case .call(let call) = submission.listener { call.connection = nil }
        return submission
    }

    private func outcome(
        _ tag: Int, _ code: FletchError.Code?, _ certainty: Certainty, _ submission: Submission, at index: Int
    ) -> Outcome {
        let flight = pipeline[index]
        func span(_ moment: Moment?) -> Int64 { moment.map { $0.nanoseconds - submission.start.nanoseconds } ?? -1 }
        return Outcome(
            tag: tag, code: code, certainty: certainty, status: flight.exchange.status ?? 0,
            written: span(flight.written), acknowledged: span(flight.acknowledged), answered: span(flight.answered))
    }

    /// How far the request has got by now.
    private func receipt(at index: Int) -> Receipt {
        let flight = pipeline[index]
        let exchange = flight.exchange
        return Receipt(
            url: flight.submission?.request.url ?? "", method: flight.submission?.request.method ?? .get,
            moments: moments(flight), status: exchange.status.map { .init(code: $0) }, bytesSent: exchange.bytesSent,
            bytesReceived: exchange.bytesReceived, reused: pipeline.servedCount + index > 0, remote: remote,
            body: exchange.kept, isBodyComplete: exchange.isBodyComplete)
    }

    /// Why the request did not reach its milestone.
    private func error(_ failure: ExchangeFailure, _ certainty: Certainty, at index: Int) -> FletchError {
        let detail = failure.detail.map { " (\($0))" } ?? ""
        var error = FletchError(
            failure.code, certainty, failure.code.explanation + detail, errorNumber: failure.errorNumber)
        error.receipt = receipt(at: index)
        return error
    }

    /// On a connection that was there already, resolving and connecting took no time.
    private func moments(_ flight: Flight) -> Receipt.Moments {
        guard let start = flight.submission?.start else { return Receipt.Moments() }
        func span(_ moment: Moment?) -> Duration? { moment.map { max($0, start) - start } }
        var moments = Receipt.Moments()
        moments.resolved = span(resolved)
        moments.connected = span(connected)
        moments.written = span(flight.written)
        moments.acknowledged = span(flight.acknowledged)
        moments.answered = span(flight.answered)
        return moments
    }
}
