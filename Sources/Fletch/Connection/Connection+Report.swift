extension Connection {
    /// How far the request has got by now.
    func receipt() -> Receipt {
        Receipt(
            url: submission?.url ?? "", method: submission?.method ?? .get, moments: moments(),
            status: exchange.status.map { .init(code: $0) }, bytesSent: exchange.bytesSent,
            bytesReceived: exchange.bytesReceived, reused: false, remote: remote, body: exchange.kept,
            isBodyComplete: exchange.isBodyComplete)
    }

    /// Why the request did not reach its milestone.
    func error() -> FletchError {
        let failure = exchange.reportedFailure ?? ExchangeFailure(.clientClosed)
        let certainty: Certainty = exchange.bytesSent == 0 ? .notSent : .unknown
        let detail = failure.detail.map { " (\($0))" } ?? ""
        var error = FletchError(
            failure.code, certainty, failure.code.explanation + detail, errorNumber: failure.errorNumber)
        error.receipt = receipt()
        return error
    }

    private func moments() -> Receipt.Moments {
        var moments = Receipt.Moments()
        moments.resolved = resolved.map { $0 - start }
        moments.connected = connected.map { $0 - start }
        moments.written = written.map { $0 - start }
        moments.acknowledged = acknowledged.map { $0 - start }
        moments.answered = answered.map { $0 - start }
        return moments
    }
}
