internal import FletchQueue

/// What of the database cannot be read. It is passed over for a minute, and then tried again.
///
/// Confined to the writer's thread. No transaction takes it back: it is about the file.
final class Damage {
    /// The numbers of jobs that are passed over.
    private(set) var jobs: Set<Int64> = []
    /// ``jobs`` as SQL takes them: a JSON array.
    private(set) var list = "[]"
    /// Lanes that are passed over.
    private var lanes: Set<Int64> = []
    /// Lanes of ``jobs``.
    private var lanesOfJobs: Set<Int64> = []
    /// Whether no job expires until ``end``.
    private(set) var stopsExpiry = false
    /// When all of it is tried again; nil if there is nothing.
    private(set) var end: Timestamp?
    /// What is to be told.
    private(set) var faults: [StoreFault] = []
    /// What has been told, or is to be.
    private var known: Set<StoreFault> = []

    /// In milliseconds.
    private static let pause: Int64 = 60_000
    /// How many jobs are passed over, at most.
    private static let maximumCount = 1_000
    private static let maximumKnownCount = 10_000

    /// Passes a job over.
    /// - Parameter lane: Where it waits; nil if that is not known.
    /// - Returns: false if it is passed over already, or there are too many.
    func passOver(job: Int64, in lane: Int64?, _ fault: StoreFault, at now: Timestamp) -> Bool {
        guard jobs.count < Self.maximumCount, jobs.insert(job).inserted else { return false }
        list = "[\(jobs.map(String.init).joined(separator: ","))]"
        if let lane { lanesOfJobs.insert(lane) }
        note(fault, at: now)
        return true
    }

    /// Passes a lane over, as nothing is known of its jobs.
    func passOver(lane: Int64, _ fault: StoreFault, at now: Timestamp) {
        lanes.insert(lane)
        note(fault, at: now)
    }

    func contains(lane: Int64) -> Bool { end != nil && lanes.contains(lane) }

    func stopExpiry(_ fault: StoreFault, at now: Timestamp) {
        stopsExpiry = true
        note(fault, at: now)
    }

    /// Passes nothing over any more if its time has come.
    /// - Returns: The lanes that are to be looked at again.
    func retry(at now: Timestamp) -> Set<Int64> {
        guard let end, now >= end || now.milliseconds < end.milliseconds.subtractingClamped(Self.pause) else {
            return []
        }
        defer { (jobs, list, lanes, lanesOfJobs, stopsExpiry, self.end) = ([], "[]", [], [], false, nil) }
        return lanes.union(lanesOfJobs)
    }

    /// What is to be told has been.
    func told() { faults = [] }

    private func note(_ fault: StoreFault, at now: Timestamp) {
        if end == nil { end = Timestamp(milliseconds: now.milliseconds.addingClamped(Self.pause)) }
        guard known.count < Self.maximumKnownCount, known.insert(fault).inserted else { return }
        faults.append(fault)
    }
}
