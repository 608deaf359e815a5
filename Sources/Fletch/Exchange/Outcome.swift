/// What has become of one request of a series: as little as counting needs.
package struct Outcome: Sendable {
    package let tag: Int
    /// nil where it has reached its milestone.
    package let code: FletchError.Code?
    package let certainty: Certainty
    /// 0 where none has arrived.
    package let status: Int
    /// In nanoseconds from the moment it was due; -1 for what has not been reached.
    package let written: Int64
    package let acknowledged: Int64
    package let answered: Int64
}
