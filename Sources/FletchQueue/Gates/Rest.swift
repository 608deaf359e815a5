/// A span in which nothing is let through.
struct Rest: Hashable, Sendable {
    let start: Timestamp
    let end: Timestamp

    /// - Parameter length: In milliseconds.
    init(_ length: Int64, from start: Timestamp) {
        self.start = start
        end = Timestamp(milliseconds: start.milliseconds.addingClamped(length))
    }

    /// A clock that was set back ends it, too.
    func contains(_ now: Timestamp) -> Bool { start <= now && now < end }
}
