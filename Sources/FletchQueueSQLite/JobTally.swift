/// How many jobs there are, and how many bytes their bodies have.
struct JobTally: Hashable {
    var jobCount = 0
    var bodyBytes = 0

    static func += (tally: inout JobTally, other: JobTally) {
        tally.jobCount += other.jobCount
        tally.bodyBytes += other.bodyBytes
    }

    static func -= (tally: inout JobTally, other: JobTally) {
        tally.jobCount -= other.jobCount
        tally.bodyBytes -= other.bodyBytes
    }
}
