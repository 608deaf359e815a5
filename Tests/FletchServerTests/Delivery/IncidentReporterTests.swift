import FletchQueue
import Testing

@testable import FletchServer

@Suite struct IncidentReporterTests {
    private static func body(_ payload: Payload, status: Int? = nil, answer: [UInt8] = []) -> String {
        let job = Job(
            key: JobKey(QueueName(tenant: "t", endpoint: "https://a.test/"), "a"), body: payload, runAt: nil)
        let leased = LeasedJob(lease: 1, job: job, scheduledAt: TestAPI.now, attempt: 1)
        return String(decoding: IncidentReporter.body(leased, status: status, answer: answer), as: UTF8.self)
    }

    private static func job(_ payload: String) -> String {
        #"{"type":"incident","job":{"endpoint":"https://a.test/","tokenId":"t",\#(payload),"id":"a","#
            + #""runAt":"2026-03-01T12:00:00.250Z"}"#
    }

    @Test func payloadIsToldAsTheContractHasIt() {
        #expect(Self.body("é\n") == Self.job(#""payload":"é\n""#) + #","incident":{}}"#)
        #expect(
            Self.body("", status: 500, answer: Array("no".utf8))
                == Self.job(#""payload":"""#) + #","incident":{"body":"no","status":500}}"#)
    }

    @Test func payloadThatIsNoTextIsToldInBase64() {
        #expect(Self.body(.bytes([0xFF])) == Self.job(#""payloadBase64":"/w==""#) + #","incident":{}}"#)
    }
}
