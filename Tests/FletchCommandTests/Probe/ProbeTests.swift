import FletchTarget
import Foundation
import NIOCore
import NIOPosix
import Testing

/// `fletch probe` as a process.
@Suite(.timeLimit(.minutes(2))) struct ProbeTests {
    private func target(
        _ delay: Duration = .milliseconds(100), _ change: (inout TargetConfiguration) -> Void = { _ in }
    ) -> TargetConfiguration {
        var configuration = TargetConfiguration()
        configuration.delay = delay
        change(&configuration)
        return configuration
    }

    @Test func endpointThatWorksOnIsSeenToDoSo() async throws {
        try await withFletchTarget(target { $0.bodyBytes = 1_048_576 }) { target in
            let output = try await ProbeOutput.probe(target.url)
            #expect(output.answers.map(\.method) == ["HEAD", "OPTIONS"])
            #expect(output.answers.allSatisfy { $0.status == 200 && $0.length == 1_048_576 })
            #expect(output.answers.allSatisfy { ($0.ms ?? 0) >= 99 })
            #expect(output.keep_alive.result == "yes")
            #expect(output.pipelining.result == "yes")
            #expect(output.half_close.result == "answered")
            #expect(output.resumption.result == "not-tried")
            #expect(output.recommended.disposal == "automatic")
            #expect(output.recommended.close.result == "probably-safe")
            #expect(output.recommended.reset.result == "unknown")
            #expect(output.recommended.reuse.detail.contains("1,048,576 B"))
        }
    }

    @Test func endpointThatAbortsIsSeenToDoSo() async throws {
        try await withFletchTarget(target { $0.onDisconnect = .abort }) { target in
            let output = try await ProbeOutput.probe(target.url)
            #expect(output.half_close.result == "aborted")
            #expect(output.recommended.close.result == "unsafe")
            #expect(output.recommended.reset.result == "unsafe")
            #expect(target.records().contains { $0.work == .aborted })
        }
    }

    @Test func onlyAllowedMethodsAreSentAndEachIsCounted() async throws {
        for allowed in [[], ["--method", "GET", "--method", "GET", "--method", "DELETE"]] {
            try await withFletchTarget { target in
                let outcome = try await Shell.run([Shell.fletch, "probe", "--json"] + allowed + [target.url])
                let output = try JSONDecoder().decode(ProbeOutput.self, from: Data(outcome.output.utf8))
                let records = target.records()
                let counts = Dictionary(grouping: records, by: \.method).mapValues(\.count)
                #expect(counts == output.sent)
                #expect(output.requests_sent == records.count)
                #expect(records.count <= 14)
                #expect(
                    Set(counts.keys) == (allowed.isEmpty ? ["HEAD", "OPTIONS"] : ["HEAD", "OPTIONS", "GET", "DELETE"]))
                // Once to look, and once as the method that stands for the work.
                #expect(allowed.isEmpty || counts["DELETE"] == 2 && counts["GET"] == 1)
            }
        }
    }

    @Test func fieldsAndCredentialsGoWithEveryRequest() async throws {
        try await withFletchTarget { target in
            _ = try await ProbeOutput.probe("-H", "X-A: 1", "-u", "a:b", target.url)
            #expect(target.records().allSatisfy { $0.value(of: "x-a") == "1" && $0.value(of: "authorization") != nil })
        }
    }

    @Test func bodyWithoutALengthIsReadUpToABound() async throws {
        try await withFletchTarget(
            target(.zero) {
                $0.isChunked = true
                $0.bodyBytes = 1_000_000
            }
        ) { target in
            let output = try await ProbeOutput.probe("--method", "GET", target.url)
            let answer = try #require(output.answers.last)
            #expect(answer.whole == false)
            #expect((65_536..<200_000).contains(try #require(answer.read)))
            #expect(output.answers.first?.length == nil)
        }
    }

    @Test func textSaysTheSame() async throws {
        try await withFletchTarget(target { $0.bodyBytes = 1_048_576 }) { target in
            let outcome = try await Shell.fletch("probe", target.url)
            let lines = outcome.output.split(separator: "\n")
            for beginning in [
                "HEAD            200 after ", "response        1,048,576 B that need not be downloaded",
                "keep-alive      yes: 2 requests on one connection", "half close      HEAD was answered all the same",
                "early data      not tried: plain HTTP", "sent            ", "recommended     --disposal automatic: ",
                "  close         probably safe: ",
            ] {
                #expect(lines.contains { $0.hasPrefix(beginning) }, "\(beginning): \(outcome.output)")
            }
        }
    }

    @Test func methodThatGetsNoAnswerIsSaidToHaveNone() async throws {
        try await Nginx.run("location / { if ($request_method = HEAD) { return 444; } return 200 ok; }") { url, _ in
            let output = try await ProbeOutput.probe(url)
            #expect(output.answers.map(\.code) == ["closed-without-answer", nil])
            #expect(output.keep_alive.result == "yes")
            #expect(output.sent["HEAD"] == 1)
        }
    }

    // MARK: Connections

    @Test func originThatPipelinesNotIsSeenNotTo() async throws {
        try await withServer(AnswerPerRead(thenCloses: false)) { url in
            let output = try await ProbeOutput.probe("-m", "3", url)
            #expect(output.keep_alive.result == "yes")
            #expect(output.pipelining.result == "no")
            #expect(output.recommended.pipelining.result == "no")
        }
    }

    @Test func originThatPromisesMoreThanItKeepsIsSeenTo() async throws {
        try await withServer(AnswerPerRead(thenCloses: true)) { url in
            let output = try await ProbeOutput.probe(url)
            #expect(output.keep_alive.result == "no")
            #expect(output.pipelining.result == "not-tried")
        }
    }

    @Test func originThatFallsSilentIsSeenTo() async throws {
        try await withServer(AnswerPerRead(thenCloses: false, isSilentToTheHalfClosed: true)) { url in
            let output = try await ProbeOutput.probe("-m", "3", url)
            #expect(output.half_close.result == "unanswered")
            #expect(output.recommended.close.result == "unsafe")
        }
    }

    private func withServer(
        _ handler: @escaping @autoclosure @Sendable () -> AnswerPerRead, _ body: (String) async throws -> Void
    ) async throws {
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(handler()) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            try await body("http://127.0.0.1:\(listener.localAddress?.port ?? 0)")
        } catch {
            try await listener.close()
            throw error
        }
        try await listener.close()
    }

    // MARK: Failures

    @Test func refusedPortEndsTheProbe() async throws {
        try await withRefusedPort { port in
            let outcome = try await Shell.fletch("probe", "http://127.0.0.1:\(port)/")
            #expect(outcome.status == 7)
            #expect(outcome.output.isEmpty)
            #expect(outcome.errors.contains("connect-failed (not-sent)"))
        }
    }

    @Test(arguments: [
        (Behavior.closeBeforeAnswer, 52), (.resetBeforeAnswer, 56), (.garbage, 1), (.endlessHead, 27),
        (.neverAnswer, 28),
    ])
    func endpointThatAnswersNothingEndsTheProbe(_ behavior: Behavior, _ status: Int) async throws {
        try await withFletchTarget(target(.zero) { $0.behavior = behavior }) { target in
            let outcome = try await Shell.fletch("probe", "-m", "2", target.url)
            #expect(Int(outcome.status) == status, "\(outcome.errors)")
            #expect((1...2).contains(target.records().count))
        }
    }

    @Test(arguments: [
        ["-X", "GET"], ["-I"], ["--retry", "1"], ["--method", "A B"], ["--method", "CONNECT"], ["x://"],
    ])
    func whatMakesNoSenseIsRefused(_ arguments: [String]) async throws {
        let outcome = try await Shell.run([Shell.fletch, "probe"] + arguments + ["http://127.0.0.1:9/"])
        #expect(outcome.status == 2)
    }
}

/// Answers once whatever comes at a time, unless the client has ended its side by then.
private final class AnswerPerRead: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let thenCloses: Bool
    private let isSilentToTheHalfClosed: Bool
    private var hasClientEnded = false

    init(thenCloses: Bool, isSilentToTheHalfClosed: Bool = false) {
        self.thenCloses = thenCloses
        self.isSilentToTheHalfClosed = isSilentToTheHalfClosed
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard isSilentToTheHalfClosed else { return answer(context) }
        // The end comes with the request: a turn later it has been seen.
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        let this = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: .milliseconds(50)) {
            if !this.value.hasClientEnded { this.value.answer(bound.value) }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed? = event as? ChannelEvent else { return }
        hasClientEnded = true
        if !isSilentToTheHalfClosed { context.close(promise: nil) }
    }

    private func answer(_ context: ChannelHandlerContext) {
        let answer = ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
        if thenCloses { context.close(promise: nil) }
    }
}
