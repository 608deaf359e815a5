/// How far a request got.
///
/// They come in this order but for one case: a server may answer before it has the whole body (413), so
/// ``answered`` does not imply ``written``.
public enum Milestone: String, Sendable, Hashable, CaseIterable, Comparable {
    /// The client has taken the request over; nothing need have left yet.
    case queued
    /// Every byte has been handed to the kernel. Says nothing about the network.
    case written
    /// The peer's TCP has acknowledged every byte.
    ///
    /// The peer is the next TCP endpoint: it may be a proxy. On a Unix socket: the peer has read every byte.
    case acknowledged
    /// The complete head of the final response (not 1xx) has arrived: the only milestone that speaks for the
    /// application.
    case answered

    /// Orders by how late a milestone usually comes.
    public static func < (left: Milestone, right: Milestone) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .queued: 0
        case .written: 1
        case .acknowledged: 2
        case .answered: 3
        }
    }
}
