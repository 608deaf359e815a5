import Testing

@testable import FletchQueue

@Suite struct ActivityOrderTests {
    private let key = JobKey(QueueName(tenant: "t", endpoint: "https://example.com"), "a")
    private let next = Timestamp(milliseconds: 5_000)

    private func job(_ instance: String = "1") -> Job { Job(key: key, instance: instance, runAt: nil) }

    private func leased(_ lease: LeasedJob.Lease, _ instance: String = "1") -> LeasedJob {
        LeasedJob(lease: lease, job: job(instance), scheduledAt: Timestamp(milliseconds: 0), attempt: 1)
    }

    @Test func jobIsScheduledStartedAndCompleted() {
        var order = ActivityOrder()
        order.begin([key])
        #expect(order.end([key], [.scheduled(job())]) == [.scheduled(job())])
        #expect(order.started(leased(1)) == [.started(key)])
        order.ran(leased(1), next: nil)
        #expect(order.settled(1) == [.completed(key)])
        #expect(order.isEmpty)
    }

    /// The store may lease a job before whoever has stored it hears of that.
    @Test func nothingOfAJobIsToldBeforeItIsScheduled() {
        var order = ActivityOrder()
        order.begin([key])
        #expect(order.started(leased(1)) == [])
        order.ran(leased(1), next: next)
        #expect(order.settled(1) == [])
        #expect(
            order.end([key], [.scheduled(job())]) == [
                .scheduled(job()), .started(key), .completed(key), .rescheduled(key, runAt: next),
            ])
        #expect(order.isEmpty)
    }

    @Test func whatIsHeldIsToldOfAChangeThatFails() {
        var order = ActivityOrder()
        order.begin([key, key])
        _ = order.started(leased(1))
        #expect(order.end([key, key], []) == [.started(key)])
    }

    @Test func anotherChangeUnderWayHoldsOn() {
        var order = ActivityOrder()
        order.begin([key])
        order.begin([key])
        _ = order.started(leased(1))
        #expect(order.end([key], [.scheduled(job())]) == [.scheduled(job())])
        #expect(order.end([key], [.invoked(key)]) == [.invoked(key), .started(key)])
    }

    /// What has been deleted does not come again, whichever is heard of first.
    @Test func deletedJobIsNotRescheduled() {
        var order = ActivityOrder()
        _ = order.started(leased(1))
        order.begin([key])
        _ = order.end([key], [.deleted(key)])
        order.ran(leased(1), next: next)
        #expect(order.settled(1) == [.completed(key)])
        _ = order.started(leased(2))
        order.begin([key])
        order.ran(leased(2), next: next)
        _ = order.settled(2)
        #expect(order.end([key], [.deleted(key)]) == [.deleted(key), .completed(key)])
    }

    @Test func emptiedQueueReschedulesNothing() {
        var order = ActivityOrder()
        _ = order.started(leased(1))
        order.emptied { $0 == key.queue }
        order.ran(leased(1), next: next)
        #expect(order.settled(1) == [.completed(key)])
        _ = order.started(leased(2))
        order.emptied { $0.tenant == "u" }
        order.ran(leased(2), next: next)
        #expect(order.settled(2) == [.completed(key), .rescheduled(key, runAt: next)])
    }

    /// The old run ends without a consequence; that of the new one may have begun.
    @Test func replacedJobIsNotRescheduledAndTheNewOneIs() {
        var order = ActivityOrder()
        _ = order.started(leased(1, "old"))
        order.begin([key])
        _ = order.started(leased(2, "new"))
        #expect(order.end([key], [.scheduled(job("new"))]) == [.scheduled(job("new")), .started(key)])
        order.ran(leased(1, "old"), next: next)
        order.ran(leased(2, "new"), next: next)
        #expect(order.settled(1) == [.completed(key)])
        #expect(order.settled(2) == [.completed(key), .rescheduled(key, runAt: next)])
        #expect(order.isEmpty)
    }

    /// Somebody begins to read while it runs.
    @Test func runThatNobodyHasSeenBeginIsCompleted() {
        var order = ActivityOrder()
        order.ran(leased(1), next: nil)
        #expect(order.settled(1) == [.completed(key)])
        #expect(order.settled(1) == [])
    }

    @Test func deliveryThatIsNotMadeEndsWithoutAWord() {
        var order = ActivityOrder()
        _ = order.started(leased(1))
        order.handedBack(1)
        #expect(order.settled(1) == [])
        #expect(order.isEmpty)
    }

    @Test func callbackIsScheduledWhenTheRunIsCompleted() {
        let callback = Job(key: JobKey(QueueName(tenant: "t", endpoint: "https://example.com/done"), "c"), runAt: next)
        var order = ActivityOrder()
        order.ran(leased(1), next: next, callback: callback)
        #expect(
            order.settled(1) == [.completed(key), .rescheduled(key, runAt: next), .scheduled(callback)])
        // Nothing comes of a job that was deleted meanwhile.
        order.ran(leased(2), next: nil, callback: callback)
        _ = order.end([key], [.deleted(key)])
        #expect(order.settled(2) == [.completed(key)])
    }
}
