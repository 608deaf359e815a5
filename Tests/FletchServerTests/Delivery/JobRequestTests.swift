import FletchQueue
import Testing

@testable import FletchServer

@Suite struct JobRequestTests {
    private func call(_ endpoint: String) -> JobRequest {
        let job = Job(key: JobKey(QueueName(tenant: "t", endpoint: endpoint), "a"), runAt: nil)
        let now = Timestamp(milliseconds: 0)
        return JobRequest(of: LeasedJob(lease: 1, job: job, scheduledAt: now, attempt: 1), at: now, isInDocker: false)
    }

    private func outcome(_ endpoint: String, _ status: Int, _ location: String?) -> String {
        switch call(endpoint).redirected(by: status, to: location) {
        case .none: "none"
        case .to(let next): next.request(until: .now).url
        case .refused: "refused"
        }
    }

    /// Body, meta and key would be there for all to read.
    @Test(arguments: [301, 302, 303, 307, 308])
    func fromSecureToPlainIsRefused(_ status: Int) {
        #expect(outcome("https://a.test/x", status, "http://a.test/x") == "refused")
        #expect(outcome("HTTPS://a.test/x", status, "HTTP://a.test/x") == "refused")
        #expect(outcome("https://a.test/x", status, "ftp://a.test/x") == "refused")
    }

    @Test func elsewhereIsFollowed() {
        #expect(outcome("https://a.test/x", 307, "https://b.test/y") == "https://b.test/y")
        #expect(outcome("https://a.test/x", 307, "/y") == "https://a.test/y")
        #expect(outcome("https://a.test/x", 307, "//b.test/y") == "https://b.test/y")
        #expect(outcome("http://a.test/x", 307, "https://a.test/x") == "https://a.test/x")
        #expect(outcome("http://a.test/x", 307, "http://b.test/") == "http://b.test/")
    }

    /// A second step is as little allowed to lead downwards as the first.
    @Test func chainThatWasSecureStaysSo() {
        guard case .to(let next) = call("http://a.test/").redirected(by: 307, to: "https://b.test/") else {
            return #expect(Bool(false), "it is followed upwards")
        }
        guard case .refused = next.redirected(by: 307, to: "http://c.test/") else {
            return #expect(Bool(false), "it is not followed downwards")
        }
    }

    @Test func otherAnswersAreFinal() {
        #expect(outcome("https://a.test/", 200, "http://a.test/") == "none")
        #expect(outcome("https://a.test/", 304, "https://a.test/") == "none")
        #expect(outcome("https://a.test/", 302, nil) == "none")
    }
}
