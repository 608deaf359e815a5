/// When a job repeats: times of a calendar, in a time zone.
///
/// Five fields, separated by white space: minute, hour, day of month, month, day of week; or six, with the second
/// before them, which else is 0. Fewer fields are the last ones; those that are missing at the front are `*`, as in
/// cron-parser.
///
/// | | |
/// |---|---|
/// | `*`, in the days `?` too | every value |
/// | `5` · `mon` · `DEC` | one; Sunday is 0 and 7 |
/// | `1-5` · `jan-mar` · `fri-mon` | a range; names of weekdays may go on with the next week |
/// | `*/15` · `1-30/2` · `5/10` | every so many values of a range; without an end, to the field's last (Saturday) |
/// | `1,15,20-25` | any of these |
/// | `L` | as a day of the month: the last |
/// | `5L` · `friL` | as a day of the week: the last Friday of the month |
/// | `5#2` · `fri#2` | as a day of the week: the second Friday; a fifth that a month does not have is left out |
/// | `@yearly` `@annually` `@monthly` `@weekly` `@daily` `@midnight` `@hourly` | the only word, in any case |
///
/// Where day of month and day of week are both restricted, either of them has to match. A field that names all of its
/// values (`1-31`; `0-7` for the day of week) is not restricted.
///
/// **Clocks that are set.** An expression whose hours are restricted names times of the day. One that does not exist
/// fires at the first moment that does (02:30 at 03:00), together with whatever else fires then; one that exists twice
/// fires the first time only. An expression for every hour follows the time that passes: it fires whenever the clock
/// shows a time that matches, so in both of the hours that have the same name, and nothing is made up for an hour that
/// there was not.
package struct CronExpression: Hashable, Sendable, CustomStringConvertible {
    /// As it was given.
    package let text: String
    /// As it was given.
    package let timeZone: String
    let fields: CronFields
    let rules: ZoneRules

    /// - Parameters:
    ///   - text: At most 1,024 bytes. May be any string: what is malformed is an error.
    ///   - timeZone: An IANA name. Default: `Etc/UTC`.
    /// - Throws: `invalidExpression` or `neverFires` for `text`, and `unknownTimeZone` where only the zone is at fault.
    package init(_ text: String, timeZone: String = CronExpression.defaultTimeZone) throws(CronError) {
        try self.init(text, timeZone: timeZone, wraps: false)
    }

    /// An expression that was stored, be it by a version that took more: ranges of numbers whose end comes first (`22-2`).
    package init(stored text: String, timeZone: String) throws(CronError) {
        try self.init(text, timeZone: timeZone, wraps: true)
    }

    private init(_ text: String, timeZone: String, wraps: Bool) throws(CronError) {
        self.text = text
        self.timeZone = timeZone
        fields = try CronParser.fields(of: text, wraps: wraps)
        rules = ZoneRules(try ZoneName.zone(named: timeZone))
    }

    package static let defaultTimeZone = "Etc/UTC"

    /// The expression and its zone.
    package var description: String { "\(text) (\(timeZone))" }

    /// The first moment after `moment` at which it fires: a whole second.
    ///
    /// Costs about a microsecond, however far away that is: nothing is counted up.
    /// - Parameter moment: Any. What lies before the year 1 is taken for its begin.
    /// - Returns: nil if there is none before the year 10,000.
    package func next(after moment: Timestamp) -> Timestamp? {
        let second = max(moment.second, Self.first)
        guard second < Self.last else { return nil }
        let next = fields.includesEveryHour ? nextPassing(after: second) : nextOfDay(after: second)
        return next.map { Timestamp(milliseconds: $0 * 1000) }
    }

    /// By the time that passes. Ends: every turn begins in a later period, and the calendar ends with the year 9999.
    private func nextPassing(after second: Int64) -> Int64? {
        var period = rules.period(from: second)
        var time = second + period.offset
        while let next = fields.next(after: time) {
            if next - period.offset < period.end { return next - period.offset }
            period = rules.period(from: period.end)
            time = period.start + period.offset - 1
        }
        return nil
    }

    /// By the times of the day. Ends: `time` grows with every turn.
    private func nextOfDay(after second: Int64) -> Int64? {
        var time = rules.time(at: second)
        while let next = fields.next(after: time) {
            let (found, period) = rules.first(next)
            if found > second { return found }
            // Second time round: whatever the clock shows until it has caught up has fired.
            time = max(next, period.end + period.offset - 1)
        }
        return nil
    }

    /// The begin of the year 1 and of the year 10,000, away from zones' offsets.
    static let first: Int64 = -62_135_500_000
    static let last: Int64 = 253_402_200_000
}
