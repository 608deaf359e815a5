import FletchQueue
import Testing

@testable import FletchServer

@Suite struct JobByteCountTests {
    private static let job = Job(
        key: JobKey(QueueName(tenant: "t", endpoint: "http://a"), "id"), body: "hi", runAt: nil)

    @Test func textsOfAJobAreCounted() {
        var job = Self.job
        #expect(job.byteCount == 12)
        job.options.method = "PATCH"
        job.group = "gé"
        job.options.url = "http://b/"
        #expect(job.byteCount == 12 + 5 + 3 + 9)
    }
}
