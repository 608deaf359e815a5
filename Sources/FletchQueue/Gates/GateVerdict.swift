/// Whether a gate lets a job through.
enum GateVerdict: Hashable, Sendable {
    case open
    /// - Parameter until: When it opens; nil where that depends on what happens.
    case shut(GateReason, until: Timestamp?)
}
