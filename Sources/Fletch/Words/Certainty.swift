/// What a failure says about the request.
public enum Certainty: String, Sendable, Hashable, CaseIterable {
    /// No byte of the request was handed to the kernel, in no attempt: sending it again is safe.
    case notSent = "not-sent"
    /// Some bytes were handed to the kernel: the origin may have acted on the request, or not. Sending it again is safe
    /// only where twice does no harm.
    case unknown
}
