/// Where a job comes among others: by the time it is due, then by its id, byte by byte.
package struct JobOrder: Comparable, Sendable {
    package let runAt: Timestamp
    package let id: String

    package init(_ runAt: Timestamp, _ id: String) {
        self.runAt = runAt
        self.id = id
    }

    package static func < (one: JobOrder, other: JobOrder) -> Bool {
        if one.runAt != other.runAt { return one.runAt < other.runAt }
        return one.id.utf8.lexicographicallyPrecedes(other.id.utf8)
    }

    package static func == (one: JobOrder, other: JobOrder) -> Bool {
        one.runAt == other.runAt && one.id.utf8.elementsEqual(other.id.utf8)
    }
}
