/// What counts as delivered.
package enum DeliveryGoal: String, Hashable, Sendable, Codable, CaseIterable {
    /// The peer's TCP has every byte of the request.
    case acknowledged
    /// Any status has come.
    case answered
    /// A status of 2xx has come, unless a policy says otherwise.
    case succeeded
}
