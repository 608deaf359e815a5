import FletchQueue
import Testing

@testable import FletchServer

@Suite struct EventTests {
    private func text(_ event: JobEvent) -> String {
        var json = JSONWriter()
        json.event(event)
        return String(decoding: json.bytes, as: UTF8.self)
    }

    private let key = JobKey(QueueName(tenant: "t", endpoint: "https://example.com/a\"b"), "é")

    /// As Quirrel's UI reads them, to the byte.
    @Test func eventsAreAsTheContractHasThem() {
        let payload = #"{"endpoint":"https://example.com/a\"b","id":"é""#
        #expect(text(.started(key)) == #"["started",\#(payload)}]"#)
        #expect(text(.completed(key)) == #"["completed",\#(payload)}]"#)
        #expect(text(.invoked(key)) == #"["invoked",\#(payload)}]"#)
        #expect(text(.deleted(key)) == #"["deleted",\#(payload)}]"#)
        #expect(
            text(.rescheduled(key, runAt: TestAPI.now))
                == #"["rescheduled",\#(payload),"runAt":"2026-03-01T12:00:00.250Z"}]"#)
    }

    @Test func scheduledHasTheWholeJob() {
        let job = Job(key: key, body: "\u{1}", runAt: TestAPI.now)
        var json = JSONWriter()
        json.job(job)
        #expect(text(.scheduled(job)) == #"["scheduled",\#(String(decoding: json.bytes, as: UTF8.self))]"#)
    }
}
