/// A dictionary that holds the changes of a transaction apart until they are committed.
///
/// A copy that is changed costs as much as its changes, however large the dictionary is.
struct TransactionalDictionary<Key: Hashable, Value> {
    private(set) var committed: [Key: Value]
    private var changes: [Key: Value?] = [:]

    init(_ committed: [Key: Value] = [:]) { self.committed = committed }

    subscript(_ key: Key) -> Value? {
        get { changes[key] ?? committed[key] }
        set { changes.updateValue(newValue, forKey: key) }
    }

    /// Those whose values have changed since the last commit.
    var changedKeys: some Collection<Key> { changes.keys }

    mutating func commit() {
        for (key, value) in changes { committed[key] = value }
        changes = [:]
    }

    mutating func rollBack() { changes = [:] }

    /// Forgets everything.
    mutating func clear() { self = Self() }
}
