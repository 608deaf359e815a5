/// What came of a replay of many dead letters.
package struct ReplayCount: Hashable, Sendable {
    /// How many have become jobs.
    package var replayed: Int
    /// How many dead letters that match are still there.
    package var left: Int

    package init(replayed: Int, left: Int) {
        self.replayed = replayed
        self.left = left
    }
}
