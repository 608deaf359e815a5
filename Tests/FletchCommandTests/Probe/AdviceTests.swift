import Testing

@testable import Fletch
@testable import FletchCommand

/// What follows from what was seen.
@Suite struct AdviceTests {
    private func answer(_ body: Answer.Body = .stated(4), after answering: Duration = .milliseconds(50)) throws
        -> Answer
    {
        Answer(
            status: 200, body: body, isPersistent: true,
            remote: try #require(SocketAddress(literal: "192.0.2.1", port: 80)), isProxied: false, security: nil,
            connecting: .milliseconds(30), securing: .milliseconds(70), answering: answering, wasOpenedFast: false)
    }

    private func findings(_ answers: Answer...) -> Findings {
        var findings = Findings(url: "https://example.com/", isSecure: true)
        findings.looks = answers.map { Findings.Look(method: .head, result: .success($0)) }
        return findings
    }

    @Test(arguments: [
        (HalfClose.aborted(method: "GET"), Advice.Safety.unsafe, Advice.Safety.unsafe),
        (.unanswered(method: "GET", within: .seconds(10)), .unsafe, .unsafe),
        (.answeredOtherwise(method: "GET", status: 400, usual: 200), .unsafe, .unsafe),
        (.answered(method: "GET", after: .milliseconds(20)), .probablySafe, .unknown),
        (.answered(method: "GET", after: .milliseconds(19)), .unknown, .unknown),
        (.unknown(method: "GET", why: "it rained"), .unknown, .unknown),
        (.notTried(why: "no time"), .unknown, .unknown),
    ])
    func onlyWhoWorksOnIsLeftEarly(_ halfClose: HalfClose, _ close: Advice.Safety, _ reset: Advice.Safety) {
        var findings = findings()
        findings.halfClose = halfClose
        let advice = Advice(findings)
        #expect(advice.disposal == .automatic)
        #expect(advice.close == close)
        #expect(advice.reset == reset)
    }

    @Test func reuseSavesConnectionAndTLS() throws {
        var findings = findings(try answer())
        findings.keepAlive = .yes("seen")
        #expect(Advice(findings).reuse == .yes("saves 30.0 ms of connecting and 70.0 ms of TLS a request"))
        findings.keepAlive = .no("seen")
        #expect(Advice(findings).reuse.isNo)
        findings.keepAlive = .unknown("lost")
        #expect(Advice(findings).reuse == .unknown("not seen"))
    }

    @Test func reuseIsPraisedForShortResponsesOnly() throws {
        var findings = findings(try answer(), try answer(.stated(1_000_000)))
        findings.keepAlive = .yes("seen")
        #expect(Advice(findings).reuse.words.contains("for short responses: one of 1,000,000 B"))
    }

    @Test func pipeliningSavesTheLongestWait() throws {
        var findings = findings(try answer(), try answer(after: .milliseconds(250)))
        findings.pipelining = .yes("seen")
        #expect(Advice(findings).pipelining.words.contains("250.0 ms"))
        findings.pipelining = .notTried("why")
        #expect(Advice(findings).pipelining == .unknown("not seen"))
    }

    @Test func earlyDataSavesARoundTrip() throws {
        var findings = findings(try answer())
        findings.earlyData = .yes("seen")
        #expect(Advice(findings).earlyData.words.contains("a round trip, 30.0 ms"))
        findings.earlyData = .no("refused")
        #expect(Advice(findings).earlyData.isNo)
    }
}

/// What is said of it.
@Suite struct ProbeReportTests {
    @Test func nothingIsClaimedThatWasNotTried() {
        let report = ProbeReport(Findings(url: "http://example.com/", isSecure: false))
        for line in report.text.split(separator: "\n") where !line.hasPrefix("recommended") {
            #expect(["unknown", "not tried", "sent", "0 requests"].contains { line.contains($0) }, "\(line)")
        }
        #expect(!report.json.contains("\"yes\"") && !report.json.contains("\"no\""))
    }

    @Test(arguments: [
        (Answer.Body.stated(0), "empty"), (.stated(4), "4 B, as the answer to GET says"),
        (.stated(1_048_576), "1,048,576 B that need not be downloaded, as the answer to GET says"),
        (.read(5_000, isWhole: true), "5,000 B to GET, which only reading them shows"),
        (.read(65_536, isWhole: false), "at least 65,536 B to GET, without a stated length"),
        (.untold, "unknown: no answer says how long it is"),
    ])
    func theSizeIsWhatWasSeenOfIt(_ body: Answer.Body, _ words: String) throws {
        var findings = Findings(url: "http://example.com/", isSecure: false)
        let answer = Answer(
            status: 200, body: body, isPersistent: true,
            remote: try #require(SocketAddress(literal: "192.0.2.1", port: 80)), isProxied: false, security: nil,
            connecting: .zero, securing: nil, answering: .zero, wasOpenedFast: false)
        findings.looks = [Findings.Look(method: .get, result: .success(answer))]
        #expect(ProbeReport(findings).text.contains("response        \(words)\n"))
    }
}
