internal import FletchQueue

/// The field `repeat`, once its types are right.
struct RepeatBody {
    private let every: Int64?
    private let times: Int?
    private let cron: String?
    private let timeZone: String?
    /// nil where it is not said.
    let missed: MissedRuns?

    init(_ value: JSONValue) throws(Violation) {
        let object = try value.asObject()
        every = try object.member("every", EnqueueBody.milliseconds)
        times = try object.member("times") { value throws(Violation) in
            Int(clamping: try value.asNumber(atLeast: 1))
        }
        cron = try object.member("cron") { value throws(Violation) in try value.asString() }
        timeZone = try object.member("cronTimezone") { value throws(Violation) in try value.asString() }
        missed = try object.member("missed") { value throws(Violation) in try value.asChoice() }
    }

    /// - Parameter body: The name of what it is a field of: `body`.
    /// - Returns: nil where there is nothing to repeat by.
    func schedule(in body: String) throws(APIResponse) -> Schedule? {
        do {
            let zone = timeZone ?? CronExpression.defaultTimeZone
            // A zone that nothing is in has to be one all the same.
            let expression = try CronExpression(cron ?? "* * * * *", timeZone: zone)
            return Schedule(every: every, cron: cron == nil ? nil : expression, times: times)
        } catch {
            throw Self.response(to: error, in: body)
        }
    }

    /// In Quirrel's words where it has any, which name no place in a batch.
    private static func response(to error: CronError, in body: String) -> APIResponse {
        switch error.code {
        case .unknownTimeZone:
            .invalid("body.repeat.cronTimezone is invalid, please provide a valid IANA timezone.")
        case .neverFires: .invalid("\(body).repeat.cron never fires: \(error)")
        default:
            .invalid(
                "body.repeat.cron uses unsupported syntax. See https://github.com/harrisiirak/cron-parser for reference."
            )
        }
    }
}
