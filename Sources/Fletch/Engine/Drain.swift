/// How a loop comes to its end: once nothing is left, or at the earliest limit that anyone has set.
struct Drain {
    private(set) var deadline: Moment?
    private(set) var isOver = false
    private var completions: [@Sendable (DrainReport) -> Void] = []
    private var report = DrainReport.nothingLeft
    private(set) var isBegun = false

    mutating func begin(until deadline: Moment, _ completion: @escaping @Sendable (DrainReport) -> Void) {
        isBegun = true
        self.deadline = min(deadline, self.deadline ?? deadline)
        completions.append(completion)
    }

    /// The limit has passed with so much left.
    mutating func giveUp(_ report: DrainReport) {
        self.report = report
        deadline = nil
    }

    mutating func check(remaining: Int) {
        if isBegun, remaining == 0 { isOver = true }
    }

    /// Tells the callers that wait; the loop has done everything else by then.
    mutating func complete() {
        for completion in completions { completion(report) }
        completions = []
    }
}
