/// A portion of a list of dead letters, the newest first.
package struct DeadLetterPage: Hashable, Sendable {
    package var deadLetters: [DeadLetter]
    /// Where the next portion begins; nil at the end.
    package var cursor: Int64?

    package init(deadLetters: [DeadLetter] = [], cursor: Int64? = nil) {
        self.deadLetters = deadLetters
        self.cursor = cursor
    }
}
