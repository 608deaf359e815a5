import Testing

@testable import FletchQueueSQLite

/// When the writer is called, and what it takes.
@Suite struct WriteQueueTests {
    @Test func writerIsCalledOnceForAllThatComesBeforeItsTurn() {
        var queue = WriteQueue<Int>()
        let next = [
            queue.add(1, isDurable: false, isLogBehind: false), queue.add(2, isDurable: true, isLogBehind: false),
            queue.add(3, isDurable: false, isLogBehind: false),
        ]
        #expect(next == [.turn, .nothing, .nothing])
        let taken = queue.take()
        #expect(taken.quick == [1, 3])
        #expect(taken.durable == [2])
        let anew = queue.add(4, isDurable: true, isLogBehind: false)
        #expect(anew == .turn)
    }

    @Test func whatIsDurableWaitsForTheLogTogetherAndTheOthersGoOn() {
        var queue = WriteQueue<Int>()
        let next = [
            queue.add(1, isDurable: true, isLogBehind: true), queue.add(2, isDurable: true, isLogBehind: true),
            queue.add(3, isDurable: false, isLogBehind: true), queue.add(4, isDurable: true, isLogBehind: false),
        ]
        #expect(next == [.sync, .nothing, .turn, .nothing])
        let meanwhile = queue.take()
        #expect(meanwhile.quick == [3])
        #expect(meanwhile.durable.isEmpty)
        let isCalled = queue.synced()
        #expect(isCalled)
        let taken = queue.take()
        #expect(taken.durable == [1, 2, 4])
    }

    /// Else each that comes before the writer's turn would put off all that have come before it.
    @Test(arguments: [true, false]) func furtherOneDoesNotPutOffWhatIsToBeWrittenNext(_ hasWaited: Bool) {
        var queue = WriteQueue<Int>()
        _ = queue.add(1, isDurable: true, isLogBehind: hasWaited)
        if hasWaited { _ = queue.synced() }
        let next = queue.add(2, isDurable: true, isLogBehind: true)
        #expect(next == .nothing)
        let taken = queue.take()
        #expect(taken.durable == [1, 2])
    }

    @Test func writerThatIsCalledAlreadyTakesWhatHasWaited() {
        var queue = WriteQueue<Int>()
        _ = queue.add(1, isDurable: true, isLogBehind: true)
        _ = queue.add(2, isDurable: false, isLogBehind: true)
        let isCalled = queue.synced()
        #expect(!isCalled)
        let taken = queue.take()
        #expect(taken.quick == [2])
        #expect(taken.durable == [1])
    }
}
