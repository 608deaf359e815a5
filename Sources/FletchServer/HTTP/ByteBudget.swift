/// How many bytes readers may hold together: first come, first served. Pure; ``Readers`` is its runner.
struct ByteBudget {
    private struct Claim {
        let id: Int
        let size: Int
    }

    private let total: Int
    private var free: Int
    private var waiting: [Claim] = []
    private var lastID = 0

    init(_ total: Int) {
        self.total = total
        free = total
    }

    var isContended: Bool { !waiting.isEmpty }

    /// What one reader holds at most: more than there is all in all is taken for all.
    func size(of bytes: Int) -> Int { min(max(bytes, 0), total) }

    /// - Returns: nil where the share is there at once, else the claim's id.
    mutating func claim(_ size: Int) -> Int? {
        guard waiting.isEmpty, size <= free else {
            lastID += 1
            waiting.append(Claim(id: lastID, size: size))
            return lastID
        }
        free -= size
        return nil
    }

    /// Gives a share back.
    /// - Returns: The claims whose turn it is now.
    mutating func release(_ size: Int) -> [Int] {
        free += size
        return admit()
    }

    /// Takes a claim back that waits.
    /// - Returns: Whether it was there, and the claims whose turn it is now.
    mutating func withdraw(_ id: Int) -> (wasWaiting: Bool, admitted: [Int]) {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return (false, []) }
        waiting.remove(at: index)
        return (true, admit())
    }

    private mutating func admit() -> [Int] {
        var admitted: [Int] = []
        while let first = waiting.first, first.size <= free {
            free -= first.size
            admitted.append(first.id)
            waiting.removeFirst()
        }
        return admitted
    }
}
