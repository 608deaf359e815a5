import FletchQueue
import Testing

@testable import FletchServer

@Suite struct LeasedJobMetadataTests {
    private static let secretURL = "https://me:secret@queue.example/hook?key=secret#secret"

    private static func leased(_ url: String?) -> LeasedJob {
        var job = Job(key: JobKey(QueueName(tenant: "t", endpoint: secretURL), "a"), body: "hi", runAt: nil)
        job.options.url = url
        return LeasedJob(lease: 1, job: job, scheduledAt: TestAPI.now, attempt: 2)
    }

    @Test func urlIsNamedWithoutItsSecrets() {
        let metadata = Self.leased("https://me:secret@there.example/a?key=secret#secret").metadata(reason: "r")
        #expect(
            metadata == [
                "endpoint": "https://queue.example/hook", "url": "https://there.example/a", "id": "a", "count": "1",
                "attempt": "2", "reason": "r",
            ])
    }

    @Test func jobThatCallsItsEndpointNamesNoURL() {
        let metadata = Self.leased(nil).metadata(reason: "r")
        #expect(metadata["url"] == nil && metadata["endpoint"] == "https://queue.example/hook")
    }
}
