/// How much of a long list is dealt with at once: bounded in number and in bytes, but one at least, however large.
package struct Portion: Sendable, Hashable {
    /// How many more there may be.
    package private(set) var count: Int
    /// How many bytes more.
    package private(set) var bytes: Int
    private var isEmpty = true

    package init(count: Int, bytes: Int) {
        self.count = count
        self.bytes = bytes
    }

    /// Takes the next one up.
    /// - Returns: false where it does not fit any more.
    package mutating func takes(_ size: Int) -> Bool {
        guard isEmpty || (count > 0 && size <= bytes) else { return false }
        isEmpty = false
        count -= 1
        bytes -= size
        return true
    }
}
