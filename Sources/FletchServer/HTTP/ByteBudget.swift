/// How many bytes readers may hold together, and how tenants share them. Pure; ``Readers`` is its runner.
///
/// A tenant that holds nothing gets what is free. One that holds something gets no more than it then leaves free: a single
/// one has half at most, two have a third each, and there is room for the next. The claims of a tenant are granted in
/// order. One that waits for its own tenant holds up no other tenant's.
struct ByteBudget {
    private let total: Int
    private var free: Int
    /// By tenant, without those that hold nothing.
    private var held: [String: Int] = [:]
    /// The tenants that wait. Those that hold nothing are in the order in which they came to wait with nothing.
    private var lines: [Line] = []
    /// Who has been granted something while the first tenant that holds nothing waits. None of these gets more before that
    /// one has its turn, or small claims could keep a large one waiting for ever.
    private var passed: Set<String> = []
    private var lastID = 0

    /// What waits of one tenant; never empty.
    private struct Line {
        let tenant: String
        var claims: [Claim]
    }

    private struct Claim {
        let id: Int
        let size: Int
    }

    init(_ total: Int) {
        self.total = total
        free = total
    }

    var isContended: Bool { !lines.isEmpty }

    /// What one reader holds at most: more than a tenant may have is taken for all that it may have.
    func size(of bytes: Int) -> Int { min(max(bytes, 1), total / 2) }

    /// - Parameter size: See ``size(of:)``.
    /// - Returns: nil where the share is there at once, else the claim's id.
    mutating func claim(_ size: Int, for tenant: String) -> Int? {
        lastID += 1
        let claim = Claim(id: lastID, size: size)
        if let index = lines.firstIndex(where: { $0.tenant == tenant }) {
            lines[index].claims.append(claim)
        } else {
            lines.append(Line(tenant: tenant, claims: [claim]))
        }
        // Nothing else could be granted before, and nothing has become free.
        return admit().isEmpty ? claim.id : nil
    }

    /// Gives a share back.
    /// - Returns: The claims whose turn it is now.
    mutating func release(_ size: Int, of tenant: String) -> [Int] {
        free += size
        let left = held[tenant, default: 0] - size
        held[tenant] = left > 0 ? left : nil
        if left <= 0, let index = lines.firstIndex(where: { $0.tenant == tenant }) {
            lines.append(lines.remove(at: index))
        }
        return admit()
    }

    /// Takes a claim back that waits.
    /// - Returns: Whether it was there, and the claims whose turn it is now.
    mutating func withdraw(_ id: Int) -> (wasWaiting: Bool, admitted: [Int]) {
        for (index, line) in lines.enumerated() {
            guard let place = line.claims.firstIndex(where: { $0.id == id }) else { continue }
            if place == 0 {
                _ = takeFirst(ofLineAt: index)
            } else {
                lines[index].claims.remove(at: place)
            }
            return (true, admit())
        }
        return (false, [])
    }

    /// Whether others wait for what this tenant holds.
    ///
    /// A tenant that would not have more than an equal part waits for the one that holds most; one that would have more
    /// waits for itself.
    func isAwaited(from tenant: String) -> Bool {
        guard let share = held[tenant], !lines.isEmpty else { return false }
        let holdsMost = held.values.allSatisfy { $0 <= share }
        // About what each has where all want more than there is: see `fits`.
        let part = total / (held.count + lines.count { held[$0.tenant] == nil } + 1)
        return lines.contains { isWithin(part, $0) ? holdsMost : $0.tenant == tenant }
    }

    // MARK: - Turns

    private mutating func admit() -> [Int] {
        var admitted: [Int] = []
        while let index = nextLine { admitted.append(grant(toLineAt: index)) }
        return admitted
    }

    private var nextLine: Int? {
        let first = firstWithNothing
        if let first, fits(lines[first]) { return first }
        return lines.firstIndex { !passed.contains($0.tenant) && fits($0) }
    }

    /// The tenant for which others stand back.
    private var firstWithNothing: Int? { lines.firstIndex { held[$0.tenant] == nil } }

    private func fits(_ line: Line) -> Bool {
        guard let size = line.claims.first?.size else { return false }
        guard let held = held[line.tenant] else { return size <= free }
        return held + size <= free - size
    }

    private mutating func grant(toLineAt index: Int) -> Int {
        let tenant = lines[index].tenant
        let claim = takeFirst(ofLineAt: index)
        free -= claim.size
        held[tenant, default: 0] += claim.size
        if firstWithNothing != nil { passed.insert(tenant) }
        return claim.id
    }

    /// The tenant goes to the end of the line with what else it waits for.
    private mutating func takeFirst(ofLineAt index: Int) -> Claim {
        if index == firstWithNothing { passed = [] }
        var line = lines.remove(at: index)
        let claim = line.claims.removeFirst()
        if !line.claims.isEmpty { lines.append(line) }
        return claim
    }

    private func isWithin(_ part: Int, _ line: Line) -> Bool {
        guard let own = held[line.tenant], let size = line.claims.first?.size else { return true }
        return own + size <= part
    }
}
