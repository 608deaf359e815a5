internal import FletchQueue

extension JSONWriter {
    mutating func deadLetterPage(_ page: DeadLetterPage) {
        raw("{\"cursor\":")
        if let cursor = page.cursor { string(String(cursor)) } else { raw("null") }
        raw(",\"deadLetters\":")
        list(page.deadLetters) { $0.deadLetter($1) }
        raw("}")
    }

    /// - Parameter history: The attempts of its run. Default: they are left out.
    mutating func deadLetter(_ letter: DeadLetter, history: [FailedAttempt]? = nil) {
        raw("{\"id\":")
        string(String(letter.number))
        raw(",\"job\":")
        job(letter.job)
        raw(",\"reason\":")
        string(letter.reason.rawValue)
        end(status: letter.status, error: letter.error)
        raw(",\"attempts\":")
        number(letter.attempts)
        raw(",\"failedAt\":")
        quoted(letter.failedAt.isoBytes)
        if let history {
            raw(",\"attemptHistory\":")
            list(history) { $0.attempt($1) }
        }
        raw("}")
    }

    mutating func attempt(_ attempt: FailedAttempt) {
        raw("{\"count\":")
        number(attempt.count)
        raw(",\"attempt\":")
        number(attempt.attempt)
        raw(",\"startedAt\":")
        quoted(attempt.startedAt.isoBytes)
        raw(",\"duration\":")
        number(attempt.duration)
        raw(",\"outcome\":")
        string(attempt.outcome.rawValue)
        end(status: attempt.status, error: attempt.error)
        if let answer = attempt.answer {
            raw(",\"answer\":")
            string(answer)
        }
        raw("}")
    }

    /// Writes how a delivery ended.
    private mutating func end(status: Int?, error: String?) {
        if let status {
            raw(",\"status\":")
            number(status)
        }
        if let error {
            raw(",\"error\":")
            string(error)
        }
    }
}
