internal import FletchQueue

extension JSONWriter {
    /// A job as clients see it: these members, and no others.
    mutating func job(_ job: Job) {
        raw("{\"id\":")
        string(job.key.id)
        raw(",\"endpoint\":")
        string(job.key.queue.endpoint)
        raw(",\"body\":")
        string(job.body)
        raw(",\"runAt\":")
        // What runs, or waits for its turn, has no time: Quirrel says 1970 then.
        quoted(DateTime.text(of: job.runAt ?? Timestamp(milliseconds: 0)))
        raw(",\"exclusive\":")
        bool(job.isExclusive)
        raw(",\"retry\":")
        list(job.retry.waits) { $0.number($1) }
        raw(",\"count\":")
        number(job.count)
        if let schedule = job.schedule { self.schedule(schedule, count: job.count) }
        raw("}")
    }

    private mutating func schedule(_ schedule: Schedule, count: Int) {
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
        raw("}")
    }
}

extension Job {
    /// What it takes to hold it, more or less.
    var byteCount: Int { body.utf8.count + key.id.utf8.count + key.queue.endpoint.utf8.count }
}
