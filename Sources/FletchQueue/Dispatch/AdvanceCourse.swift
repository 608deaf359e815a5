/// How far an advance of the clock has come, and whether it may go on: without a clock or a dispatcher.
struct AdvanceCourse {
    private let start: DeliveryCounts
    private let limit: Int
    private var last: DeliveryCounts
    /// How often in a row deliveries could not be made, and none was.
    private var fruitlessCount = 0

    /// From each to the next one the clock moves by as long as a queue rests, or the dispatcher pauses in real time.
    private static let maximumFruitlessCount = 10

    /// - Parameters:
    ///   - start: What the dispatcher had done before it began.
    ///   - limit: How many deliveries it may make.
    init(from start: DeliveryCounts, limit: Int) {
        self.start = start
        self.limit = limit
        last = start
    }

    /// How many deliveries it has made.
    var deliveredCount: Int { last.made - start.made }

    /// How many deliveries the dispatcher may have made by its end.
    var end: Int { start.made + limit }

    /// Takes up what was done at another moment, or before another pause.
    /// - Throws: If it may not go on.
    mutating func check(_ counts: DeliveryCounts, at now: Timestamp) throws(ClockError) {
        if counts.made > last.made {
            fruitlessCount = 0
        } else if counts.notMade > last.notMade {
            fruitlessCount += 1
        }
        last = counts
        guard counts.made <= end else { throw .tooLong(limit, at: now) }
        guard fruitlessCount < Self.maximumFruitlessCount else { throw .stuck(at: now) }
    }
}
