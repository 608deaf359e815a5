import FletchTarget
import NIOCore
import NIOPosix
import Testing

/// What clients see of the target, over plain sockets.
@Suite struct FletchTargetTests {
    @Test func answersWithStatusAndBodyAndRecordsWhatArrived() async throws {
        var configuration = TargetConfiguration()
        configuration.status = 202
        configuration.bodyBytes = 3
        try await withFletchTarget(configuration) { target in
            let answer = try await exchange(
                target, "POST /a?b HTTP/1.1\r\nHost: x\r\nX-Y: z\r\nContent-Length: 5\r\n\r\nhello")
            #expect(answer.hasPrefix("HTTP/1.1 202 Accepted\r\n"))
            #expect(answer.hasSuffix("Content-Length: 3\r\n\r\nxxx"))
            let record = try #require(await target.waitForRecords { $0.first?.departure == .fin }.first)
            #expect(record.method == "POST")
            #expect(record.path == "/a?b")
            #expect(record.value(of: "x-y") == "z")
            #expect(record.bodyBytes == 5)
            #expect(record.bodyChecksum == RequestRecord.checksum(of: "hello".utf8))
            #expect(record.isComplete)
            #expect(record.work == .done)
        }
    }

    @Test func answersPipelinedRequestsInOrder() async throws {
        try await withFletchTarget { target in
            let answer = try await exchange(
                target, "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\nConnection: close\r\n\r\n", waitsForEnd: true)
            #expect(answer.components(of: "HTTP/1.1 200 OK") == 2)
            #expect(target.records().map(\.path) == ["/1", "/2"])
        }
    }

    @Test func finishesTheWorkOfAClientThatHasLeft() async throws {
        var configuration = TargetConfiguration()
        configuration.delay = .seconds(5)
        try await withFletchTarget(configuration) { target in
            try await leave(target, after: "GET / HTTP/1.1\r\n\r\n")
            let record = try #require(await target.waitForRecords { $0.first?.work == .done }.first)
            #expect(record.work == .done)
            #expect(record.departure == .fin)
        }
    }

    @Test func abortsTheWorkOfAClientThatHasLeft() async throws {
        var configuration = TargetConfiguration()
        configuration.delay = .seconds(30)
        configuration.onDisconnect = .abort
        try await withFletchTarget(configuration) { target in
            try await leave(target, after: "GET / HTTP/1.1\r\n\r\n")
            let record = try #require(await target.waitForRecords { $0.contains { $0.work != .pending } }.first)
            #expect(record.work == .aborted)
        }
    }

    @Test func tellsAResetFromAnOrderlyEnd() async throws {
        var configuration = TargetConfiguration()
        configuration.behavior = .neverAnswer
        try await withFletchTarget(configuration) { target in
            try await leave(target, after: "GET / HTTP/1.1\r\n\r\n", reset: true)
            let record = try #require(await target.waitForRecords { $0.contains { $0.departure != .stillThere } }.first)
            #expect(record.departure == .rst)
        }
    }

    @Test func recordsARequestThatNeverBecameWhole() async throws {
        try await withFletchTarget { target in
            try await leave(target, after: "POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf")
            let record = try #require(await target.waitForRecords { $0.first?.departure == .fin }.first)
            #expect(record.bodyBytes == 4)
            #expect(!record.isComplete)
            #expect(record.work == .pending)
        }
    }

    @Test func padsTheHead() async throws {
        var configuration = TargetConfiguration()
        configuration.headBytes = 5_000
        configuration.bodyBytes = 0
        try await withFletchTarget(configuration) { target in
            let answer = try await exchange(target, "GET / HTTP/1.0\r\n\r\n", waitsForEnd: true)
            #expect(answer.utf8.count == 5_000)
        }
    }

    @Test(arguments: [
        (Behavior.headThenWork, "HTTP/1.1 200 OK"), (.earlyHintsThenWork, "HTTP/1.1 103 Early Hints"),
        (.garbage, "\u{1}\u{2}\u{3}"), (.trickle, "HTTP/1.1 200 OK"), (.answerBeforeBody, "HTTP/1.1 200 OK"),
    ])
    func startsItsAnswerAsItsBehaviorSays(behavior: Behavior, start: String) async throws {
        var configuration = TargetConfiguration()
        configuration.behavior = behavior
        configuration.isChunked = true
        configuration.trickleInterval = .microseconds(100)
        try await withFletchTarget(configuration) { target in
            let request =
                behavior == .answerBeforeBody
                ? "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n" : "GET / HTTP/1.1\r\n\r\n"
            let answer = try await exchange(target, request, until: start)
            #expect(answer.hasPrefix(start))
        }
    }

    @Test(arguments: [Behavior.closeBeforeAnswer, .resetBeforeAnswer])
    func endsWithoutAnAnswer(behavior: Behavior) async throws {
        var configuration = TargetConfiguration()
        configuration.behavior = behavior
        try await withFletchTarget(configuration) { target in
            let answer = try await exchange(target, "GET / HTTP/1.1\r\n\r\n", waitsForEnd: true)
            #expect(answer.isEmpty)
            #expect(target.records().first?.work == .done)
        }
    }

    @Test(arguments: [Behavior.endlessHead, .endlessInterim])
    func goesOnUntilTheClientLeaves(behavior: Behavior) async throws {
        var configuration = TargetConfiguration()
        configuration.behavior = behavior
        try await withFletchTarget(configuration) { target in
            let answer = try await exchange(target, "GET / HTTP/1.1\r\n\r\n", atLeast: 100_000)
            #expect(answer.utf8.count >= 100_000)
            _ = await target.waitForRecords { $0.contains { $0.departure != .stillThere } }
            #expect(target.records().first?.departure != .stillThere)
        }
    }

    @Test func listsAndForgetsItsRecordsOverHTTP() async throws {
        try await withFletchTarget { target in
            _ = try await exchange(target, "GET /seen HTTP/1.1\r\n\r\n")
            let list = try await exchange(
                target, "GET /_fletch/requests HTTP/1.1\r\nConnection: close\r\n\r\n", waitsForEnd: true)
            #expect(list.contains("\"path\":\"/seen\""))
            #expect(!list.contains("_fletch"))
            let cleared = try await exchange(
                target, "DELETE /_fletch/requests HTTP/1.1\r\nConnection: close\r\n\r\n", waitsForEnd: true)
            #expect(cleared.hasPrefix("HTTP/1.1 204"))
            #expect(target.records().isEmpty)
        }
    }

    @Test func refusesWhatIsNotHTTP() async throws {
        try await withFletchTarget { target in
            let answer = try await exchange(target, "\u{16}\u{3}\u{1} hello\r\n\r\n", waitsForEnd: true)
            #expect(answer.hasPrefix("HTTP/1.1 400"))
            #expect(target.records().isEmpty)
        }
    }

    @Test func reportsEachRequestOnce() async throws {
        let (reports, continuation) = AsyncStream<RequestRecord>.makeStream()
        let target = try await FletchTarget.start { continuation.yield($0) }
        _ = try await exchange(target, "GET /1 HTTP/1.1\r\n\r\n")
        _ = try await exchange(target, "GET /2 HTTP/1.1\r\n\r\n")
        var paths: [String] = []
        for await record in reports {
            paths.append(record.path)
            if paths.count == 2 { break }
        }
        #expect(paths.sorted() == ["/1", "/2"])
        await target.stop()
        #expect(target.openConnectionCount == 0)
    }

    @Test func forgetsTheOldestFirst() async throws {
        var configuration = TargetConfiguration()
        configuration.maximumRecordCount = 2
        try await withFletchTarget(configuration) { target in
            for path in ["/1", "/2", "/3"] { _ = try await exchange(target, "GET \(path) HTTP/1.1\r\n\r\n") }
            #expect(target.records().map(\.path) == ["/2", "/3"])
        }
    }
}
