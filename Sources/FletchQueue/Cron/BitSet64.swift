/// A set of numbers from 0 to 63.
struct BitSet64: Hashable, Sendable {
    var bits: UInt64 = 0

    var isEmpty: Bool { bits == 0 }

    /// The smallest member.
    var first: Int? { next(from: 0) }

    func contains(_ number: Int) -> Bool { bits >> UInt64(number) & 1 == 1 }

    var count: Int { bits.nonzeroBitCount }

    /// How many members are below `number`, which is not negative.
    func count(below number: Int) -> Int {
        number < 64 ? (bits & (1 << UInt64(number) - 1)).nonzeroBitCount : count
    }

    mutating func insert(_ number: Int) { bits |= 1 << UInt64(number) }

    func isSuperset(of range: ClosedRange<Int>) -> Bool { range.allSatisfy(contains) }

    /// The smallest member that is not below `number`; nil also where that is beyond 63.
    func next(from number: Int) -> Int? {
        let rest = number < 64 ? bits >> UInt64(number) : 0
        return rest == 0 ? nil : number + rest.trailingZeroBitCount
    }
}
