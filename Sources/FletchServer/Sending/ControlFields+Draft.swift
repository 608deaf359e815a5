internal import FletchQueue

extension ControlFields {
    /// The job that the control fields ask for, without what it delivers and where to.
    /// - Parameter now: What durations count from.
    func draft(at now: Timestamp) throws(Violation) -> JobDraft {
        var draft = JobDraft()
        draft.id = try value(.id, ControlValue.id)
        draft.runAt = try value(.at, ControlValue.moment)
        draft.delay = try value(.delay, ControlValue.duration)
        draft.schedule = try schedule()
        draft.group = try value(.group, ControlValue.group)
        draft.options = try options(at: now)
        return draft
    }

    private func options(at now: Timestamp) throws(Violation) -> JobOptions {
        var options = JobOptions()
        options.timeout = try value(.timeout, ControlValue.timeout)
        options.expiresAt = try value(.expires) { text throws(Violation) in try ControlValue.end(text, from: now) }
        options.retryPolicy = try value(.attempts, ControlValue.attempts)
        options.until = try value(.until, ControlValue.until)
        options.callback = try value(.callback, ControlValue.url)
        options.failureCallback = try value(.failureCallback, ControlValue.url)
        return options
    }

    private func schedule() throws(Violation) -> Schedule? {
        let zone = try value(.cronTimeZone, ControlValue.text)
        guard let text = try value(.cron, ControlValue.text) else {
            guard zone == nil else {
                throw Violation("must NOT be set without fletch-cron").below(ControlField.cronTimeZone.rawValue)
            }
            return nil
        }
        do throws(CronError) {
            let cron = try CronExpression(text, timeZone: zone ?? CronExpression.defaultTimeZone)
            return Schedule(every: nil, cron: cron, times: nil)
        } catch {
            guard error.code == .unknownTimeZone else {
                throw Violation("is no schedule: \(error)").below(ControlField.cron.rawValue)
            }
            throw Violation("must be an IANA time zone such as Europe/Berlin").below(ControlField.cronTimeZone.rawValue)
        }
    }
}
