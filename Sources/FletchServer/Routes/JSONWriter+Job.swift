internal import FletchQueue

extension JSONWriter {
    /// A job as clients see it: Quirrel's members, and behind them those of its options that were asked for.
    mutating func job(_ job: Job) {
        raw("{\"id\":")
        string(job.key.id)
        raw(",\"endpoint\":")
        string(job.key.queue.endpoint)
        raw(",")
        payload(job.body, named: "body")
        raw(",\"runAt\":")
        // What runs, or waits for its turn, has no time: Quirrel says 1970 then.
        quoted((job.runAt ?? Timestamp(milliseconds: 0)).isoBytes)
        raw(",\"exclusive\":")
        bool(job.isExclusive)
        raw(",\"retry\":")
        list(job.retry.waits) { $0.number($1) }
        raw(",\"count\":")
        number(job.count)
        if let schedule = job.schedule { self.schedule(schedule, count: job.count, job.options.missed) }
        options(of: job)
        raw("}")
    }

    private mutating func schedule(_ schedule: Schedule, count: Int, _ missed: MissedRuns?) {
        raw(",\"repeat\":{")
        // Beside `every` it has told the first run only, and Quirrel does not show it.
        if schedule.every == nil, let cron = schedule.cron {
            raw("\"cron\":")
            string(cron.text)
            raw(",\"cronTimezone\":")
            string(cron.timeZone)
            raw(",")
        }
        raw("\"count\":")
        number(count)
        if let every = schedule.every {
            raw(",\"every\":")
            number(every)
        }
        if let times = schedule.times {
            raw(",\"times\":")
            number(times)
        }
        if let missed {
            raw(",\"missed\":")
            string(missed.rawValue)
        }
        raw("}")
    }
}

extension Job {
    /// About how many bytes of memory the job takes.
    var byteCount: Int {
        let texts = [
            key.id, key.queue.endpoint, group, options.method, options.url, options.callback, options.failureCallback,
        ]
        return bodyBytes + JobHeaderRules.byteCount(of: options.headers ?? [])
            + texts.reduce(0) { $0 + ($1?.utf8.count ?? 0) }
    }

    /// Bytes that are no text are answered in base64, which is held beside them.
    private var bodyBytes: Int { body.text == nil ? body.byteCount * 7 / 3 : body.byteCount }
}
