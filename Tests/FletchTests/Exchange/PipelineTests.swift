import Testing

@testable import Fletch

/// What the kernel says about a connection is dealt out to its requests by their offsets.
@Suite struct PipelineTests {
    private func submission(_ number: Int, bytes: Int, until milestone: Milestone = .acknowledged) -> Submission {
        let plan = ExchangePlan(milestone: milestone, disposal: .automatic, isReusable: true)
        let request = EncodedRequest(
            endpoint: .host("a", port: 80, isProxy: false), head: [UInt8](repeating: 0, count: bytes), body: .bytes([]),
            plan: plan, url: "http://a/\(number)", method: .get)
        return Submission(request, start: Moment(nanoseconds: 0), deadline: .never, listener: .nobody)
    }

    /// Bytes of it have left, and it has the same room in the outbox.
    @Test func requestThatIsSentWithoutItsExpectationMayHaveArrived() throws {
        let plan = ExchangePlan(milestone: .answered, disposal: .automatic, expectsContinue: true)
        let head = "POST / HTTP/1.1\r\nHost: a\r\nexpect: 100-continue\r\nX-Expect: b\r\n\r\n"
        let request = EncodedRequest(
            endpoint: .host("a", port: 80, isProxy: false), head: Array(head.utf8), body: .bytes([1, 2]), plan: plan,
            url: "http://a/", method: .post)
        var pipeline = Pipeline()
        pipeline.append(Submission(request, start: Moment(nanoseconds: 0), deadline: .never, listener: .nobody))
        _ = pipeline.connect()
        _ = receive("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n", &pipeline)
        let refused = pipeline[0].takeRefused()
        let again = try #require(refused)
        #expect(again.mayHaveArrived)
        #expect(again.request.memoryBytes == request.memoryBytes)
        #expect(again.request.head == Array(head.replacing("expect: 100-continue\r\n", with: "").utf8))
        #expect(again.request.byteCount == again.request.head.count + 2)
        let second = pipeline[0].takeRefused()
        #expect(second == nil)
    }

    private func pipeline(_ sizes: [Int], until milestone: Milestone = .acknowledged) -> Pipeline {
        var pipeline = Pipeline()
        for (number, bytes) in sizes.enumerated() {
            pipeline.append(submission(number, bytes: bytes, until: milestone))
            if number == 0 { _ = pipeline.connect() }
        }
        return pipeline
    }

    /// Which of the requests are told to be written by this many bytes more.
    private func written(_ pipeline: inout Pipeline, _ count: Int) -> [Int] {
        pipeline.wrote(count)
        var whole: [Int] = []
        while let step = pipeline.nextWritten() {
            if pipeline[step.index].sending == .written { whole.append(step.index) }
        }
        return whole
    }

    private func acknowledged(_ pipeline: inout Pipeline, upTo offset: Int) -> [Int] {
        var reported: [Int] = []
        while let step = pipeline.nextAcknowledged(upTo: offset) {
            if step.actions.contains(.reportReceipt) { reported.append(step.index) }
        }
        return reported
    }

    private func receive(_ text: String, _ pipeline: inout Pipeline) -> (actions: ExchangeActions, count: Int) {
        Array(text.utf8).withUnsafeBytes { bytes in
            let (step, count) = pipeline.receive(bytes, windowBytes: 0)
            return (step.actions, count)
        }
    }

    @Test func everyOffsetBelongsToOneRequest() {
        for offset in 0...60 {
            var pipeline = pipeline([10, 20, 30])
            let whole = written(&pipeline, offset)
            #expect(whole == [10, 30, 60].enumerated().filter { $0.element <= offset }.map(\.offset))
            expect(pipeline.indices.map { pipeline[$0].bytesSent }.reduce(0, +), offset)
            expect(pipeline.unsentIndex, offset < 60 ? whole.count : nil)
        }
    }

    @Test func acknowledgementsAreDealtOutByTheirOffset() {
        for offset in 0...60 {
            var pipeline = pipeline([10, 20, 30])
            _ = written(&pipeline, 60)
            #expect(acknowledged(&pipeline, upTo: offset).count == [10, 30, 60].count { $0 <= offset })
        }
    }

    @Test func nothingIsAcknowledgedThatIsNotWritten() {
        var pipeline = pipeline([10, 20])
        _ = written(&pipeline, 15)
        #expect(acknowledged(&pipeline, upTo: 1_000) == [0])
    }

    @Test func responsesGoToTheFirstAndLeaveTheRestOfTheBytesToTheNext() {
        var pipeline = pipeline([10, 10], until: .answered)
        _ = written(&pipeline, 20)
        let first = receive(.plainHead + "ok" + .plainHead, &pipeline)
        #expect(first.actions == [.reportReceipt, .reuse])
        #expect(first.count == (String.plainHead + "ok").utf8.count)
        pipeline.popServed()
        expect(pipeline.count, 1)
        #expect(receive(.plainHead + "ok", &pipeline).actions == [.reportReceipt, .reuse])
    }

    @Test func bytesAreForNobodyWhereNothingWasAsked() {
        var pipeline = pipeline([10, 10], until: .answered)
        expect(pipeline.expectsBytes, false)
        _ = written(&pipeline, 10)
        expect(pipeline.expectsBytes, true)
        _ = receive(.plainHead + "ok", &pipeline)
        pipeline.popServed()
        expect(pipeline.expectsBytes, false)
        _ = written(&pipeline, 1)
        expect(pipeline.expectsBytes, true)
    }

    @Test func lateResponseToARequestThatIsOverIsNotTakenForTheNextOnes() {
        var pipeline = pipeline([10, 10])
        _ = written(&pipeline, 20)
        _ = acknowledged(&pipeline, upTo: 10)
        #expect(pipeline.handle(.expired(.park), at: 0).actions == .reset)
        pipeline.popEnded(at: 0)
        _ = pipeline.handle(.peerFinished, at: 0)
        #expect(receive(.plainHead + "ok", &pipeline).count == (String.plainHead + "ok").utf8.count)
        expect(pipeline[0].status, nil)
    }

    @Test func responseThatClosesLeavesNoRoomBehindIt() {
        var pipeline = pipeline([10], until: .answered)
        _ = written(&pipeline, 10)
        expect(pipeline.hasRoom(depth: 2), true)
        _ = receive("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n", &pipeline)
        expect(pipeline.hasRoom(depth: 2), false)
    }

    @Test func onlyWhatWasNotSentIsTakenBackFromAnEndingConnection() {
        var pipeline = pipeline([10, 10, 10])
        _ = written(&pipeline, 15)
        pipeline.close()
        expect(pipeline.takeUnsent()?.request.url, "http://a/2")
        expect(pipeline.takeUnsent()?.request.url, nil)
        expect(pipeline.count, 2)
    }

    @Test func firstOfANewConnectionIsNotTakenBack() {
        var pipeline = pipeline([10])
        pipeline.close()
        expect(pipeline.takeUnsent()?.request.url, nil)
    }

    @Test func requestTakenOutBeforeItIsSentMovesTheOthersUp() {
        var pipeline = pipeline([10, 20, 30])
        _ = written(&pipeline, 10)
        _ = pipeline.handle(.withdrawn, at: 1)
        pipeline.popEnded(at: 1)
        expect(pipeline.isClosing, false)
        #expect(written(&pipeline, 30) == [1])
        expect(pipeline.unsentIndex, nil)
    }

    @Test func longSeriesKeepsItsOrder() {
        var pipeline = pipeline([1], until: .answered)
        for number in 1...2_000 {
            pipeline.append(submission(number, bytes: 1, until: .answered))
            _ = written(&pipeline, 1)
            expect(pipeline[0].request?.url, "http://a/\(number - 1)")
            #expect(receive(.plainHead + "ok", &pipeline).actions.contains(.reuse))
            pipeline.popServed()
        }
        expect(pipeline.servedCount, 2_000)
    }

    /// A pipeline cannot be copied, as the macro would.
    private func expect<Value: Equatable>(
        _ found: Value, _ wanted: Value, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(found == wanted, sourceLocation: sourceLocation)
    }
}
