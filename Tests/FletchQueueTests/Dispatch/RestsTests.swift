import Testing

@testable import FletchQueue

@Suite struct RestsTests {
    private let queue = QueueName(tenant: "t", endpoint: "https://example.com")
    private let start = ContinuousClock.now

    @Test func restIsAsLongAsTheFaultHasLasted() {
        var rests = Rests()
        let after = [0, 1, 2, 4, 30, 90, 150, 270, 700].map { rests.rest(of: queue, at: start + .seconds($0)) }
        #expect(after == [1, 1, 2, 4, 30, 60, 60, 60, 60].map(Duration.seconds))
    }

    /// The job that met it was deleted meanwhile: for the next one it is new.
    @Test func faultThatNobodyHasMetForLongIsForgotten() {
        var rests = Rests()
        _ = rests.rest(of: queue, at: start)
        #expect(rests.rest(of: queue, at: start + .seconds(86_400)) == .seconds(1))
    }

    @Test func faultThatHasPassedIsForgotten() {
        var rests = Rests()
        _ = rests.rest(of: queue, at: start)
        rests.end(of: queue)
        #expect(rests.rest(of: queue, at: start + .seconds(50)) == .seconds(1))
    }

    @Test func queuesRestByThemselves() {
        var rests = Rests()
        _ = rests.rest(of: queue, at: start)
        let other = QueueName(tenant: "t", endpoint: "https://example.org")
        #expect(rests.rest(of: other, at: start + .seconds(50)) == .seconds(1))
    }
}
