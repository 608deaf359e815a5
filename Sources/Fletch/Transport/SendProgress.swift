import Glibc

/// What the kernel has taken of what it was handed.
enum SendProgress: Equatable {
    case sent(Int)
    /// The kernel takes nothing more for now.
    case blocked
    /// With `errno`.
    case failed(Int32)
    /// The body's file has become shorter, or cannot be read, with `errno`.
    case fileFailed(Int32?)
}

extension SendProgress {
    /// Where it has taken nothing.
    init(errorNumber: Int32) {
        switch errorNumber {
        case EAGAIN, EINTR, EINPROGRESS, ENOBUFS: self = .blocked
        default: self = .failed(errorNumber)
        }
    }
}
