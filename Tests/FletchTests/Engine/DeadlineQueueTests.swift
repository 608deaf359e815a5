import Testing

@testable import Fletch

@Suite struct DeadlineQueueTests {
    private func moment(_ nanoseconds: Int64) -> Moment { Moment(nanoseconds: nanoseconds) }

    @Test func earliestComesFirstWhateverTheOrder() {
        var queue = DeadlineQueue()
        var random = SplitMix(state: 2)
        var expected: [Int: Int64] = [:]
        for _ in 0..<10_000 {
            let slot = Int.random(in: 0..<200, using: &random)
            let deadline = Bool.random(using: &random) ? Int64.random(in: 0..<1_000, using: &random) : nil
            queue.set(slot, deadline.map(moment))
            expected[slot] = deadline
            #expect(queue.next?.nanoseconds == expected.values.min())
        }
        var popped: [Int64] = []
        while let slot = queue.popExpired(moment(1_000)) { popped.append(expected.removeValue(forKey: slot) ?? -1) }
        #expect(popped == popped.sorted())
        #expect(expected.isEmpty)
        #expect(queue.next == nil)
    }

    @Test func whatIsNotDueStays() {
        var queue = DeadlineQueue()
        queue.set(3, moment(10))
        #expect(queue.popExpired(moment(9)) == nil)
        #expect(queue.popExpired(moment(10)) == 3)
        #expect(queue.popExpired(moment(10)) == nil)
    }

    @Test func momentsNeverPassTheEndOfTime() {
        #expect(moment(5) + Int64.max == moment(.max))
        #expect(Duration.seconds(Int64.max).wholeNanoseconds == .max)
        #expect(Duration.seconds(-5).wholeNanoseconds == -5_000_000_000)
        #expect(moment(5) + -10 == moment(5))
    }
}
