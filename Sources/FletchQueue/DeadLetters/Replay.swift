/// A dead letter that is to become a job again.
package struct Replay: Hashable, Sendable {
    /// The dead letter's.
    package let number: Int64
    /// What tells the new job from all others. It must never have been used before.
    package let instance: String

    package init(number: Int64, instance: String) {
        self.number = number
        self.instance = instance
    }
}
