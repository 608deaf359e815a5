import FletchTarget
import Glibc
import Testing

@testable import Fletch

/// Bodies from files, and what is kept of the response's.
@Suite(.timeLimit(.minutes(2))) struct BodyTests {
    /// A file of a test's own.
    private final class File {
        let path: String

        init(_ bytes: [UInt8]) {
            path = "/tmp/fletch-test-\(getpid())-\(UInt64.random(in: 0 ... .max))"
            let descriptor = open(path, O_WRONLY | O_CREAT, 0o600)
            var rest = bytes[...]
            while !rest.isEmpty {
                rest = rest.dropFirst(rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) })
            }
            close(descriptor)
        }

        deinit { unlink(path) }
    }

    @Test(arguments: [0, 1, 60_000, 5 << 20])
    func filesArriveWhole(size: Int) async throws {
        let file = File(patternedBody(size))
        try await withFletchTarget { target in
            try await withFletchClient(drainingFor: patience) { client in
                _ = try await client.send(FletchRequest(.put, target.url, body: .file(file.path)))
            }
            let record = try #require(await target.waitForRecords { $0.first?.isComplete == true }.first)
            #expect(record.bodyBytes == size)
            #expect(record.bodyChecksum == RequestRecord.checksum(of: patternedBody(size)))
        }
    }

    /// What the kernel makes up as it is read states no size, or a page's.
    @Test(arguments: ["/proc/version", "/sys/kernel/mm/transparent_hugepage/enabled"])
    func fileWhoseSizeIsNotTheOneStatedArrivesWhole(path: String) async throws {
        let descriptor = open(path, O_RDONLY)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var content = [UInt8](repeating: 0, count: 16_384)
        let count = read(descriptor, &content, content.count)
        content.removeLast(content.count - count)
        try await withFletchTarget { target in
            try await withFletchClient(drainingFor: patience) { client in
                _ = try await client.send(FletchRequest(.put, target.url, body: .file(path)))
            }
            let record = try #require(await target.waitForRecords { $0.first?.isComplete == true }.first)
            #expect(!content.isEmpty && record.bodyBytes == content.count)
            #expect(record.bodyChecksum == RequestRecord.checksum(of: content))
        }
    }

    @Test func fileThatBecomesShorterFailsAndSaysSo() async throws {
        let file = File(patternedBody(8 << 20))
        let begun = Signal<Void>()
        let mayRead = Signal<Void>()
        let peer = try ScriptedPeer(receiveBufferBytes: 4_096) { connection in
            connection.readHead()
            begun.set(())
            mayRead.waitBlocking()
            _ = connection.departure()
        }
        try await withFletchClient(drainingFor: patience) { client in
            let request = FletchRequest(.post, peer.url, body: .file(file.path))
            async let error = failure(of: request, until: .written, with: client)
            _ = await begun.value()
            truncate(file.path, 1_000)
            mayRead.set(())
            #expect(await error?.code == .bodyUnreadable)
            #expect(await error?.certainty == .unknown)
        }
    }

    @Test func peerThatResetsDuringAFileDoesNotEndTheProcess() async throws {
        // `sendfile` has no flag against SIGPIPE.
        let file = File(patternedBody(8 << 20))
        let peer = try ScriptedPeer(receiveBufferBytes: 4_096) { connection in
            connection.readHead()
            connection.endWithReset()
        }
        try await withFletchClient(drainingFor: patience) { client in
            let request = FletchRequest(.post, peer.url, body: .file(file.path))
            let error = await failure(of: request, until: .written, with: client)
            #expect(error?.certainty == .unknown)
        }
    }

    @Test(arguments: ["/no/such/file", "/", "/dev/null"])
    func unreadableFile(path: String) async throws {
        try await withFletchClient(drainingFor: patience) { client in
            let error = await failure(of: FletchRequest(.post, "http://127.0.0.1:1/", body: .file(path)), with: client)
            #expect(error?.code == .bodyUnreadable)
            #expect(error?.certainty == .notSent)
            #expect(error?.message.contains(path) == true)
        }
    }

    @Test func bodyLargerThanAllowed() async throws {
        var configuration = Configuration()
        configuration.maximumBodyBytes = 10
        try await withFletchClient(configuration, drainingFor: patience) { client in
            let request = FletchRequest(.post, "http://127.0.0.1:1/", body: .bytes(patternedBody(11)))
            #expect(await failure(of: request, with: client)?.code == .bodyTooLarge)
        }
    }

    @Test(arguments: [
        (FletchRequest.Keep.nothing, 200, 0, false), (.everything(upTo: 100_000), 200, 50_000, true),
        (.everything(upTo: 1_000), 200, 1_000, false), (.failures(upTo: 100_000), 200, 0, false),
        (.failures(upTo: 100_000), 500, 50_000, true), (.everything(upTo: 50_000), 200, 50_000, true),
    ])
    func keepsWhatWasAskedFor(keep: FletchRequest.Keep, status: Int, count: Int, isComplete: Bool) async throws {
        for isChunked in [false, true] {
            var configuration = TargetConfiguration()
            configuration.status = status
            configuration.bodyBytes = 50_000
            configuration.isChunked = isChunked
            // What nobody wants of a chunked body is more than half the budget: the connection is held for its end.
            var client = Configuration()
            client.parkLimit = .milliseconds(100)
            try await withFletchTarget(configuration) { target in
                try await withFletchClient(client, drainingFor: patience) { client in
                    var request = FletchRequest(.get, target.url)
                    request.keep = keep
                    let receipt = try await client.send(request, until: .answered)
                    #expect(receipt.status?.code == status)
                    #expect(receipt.body == [UInt8](repeating: 120, count: count))
                    // Where the bound is the body's very size, chunked framing has not told the end yet.
                    if !(isChunked && keep == .everything(upTo: 50_000)) {
                        #expect(receipt.isBodyComplete == isComplete)
                    }
                }
            }
        }
    }

    @Test func bodyCutShortFailsWhereItWasToBeKept() async throws {
        let peer = try ScriptedPeer { connection in
            connection.readHead()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        }
        try await withFletchClient(drainingFor: patience) { client in
            var request = FletchRequest(.get, peer.url)
            let receipt = try await client.send(request, until: .answered)
            #expect(receipt.status == .ok)
            request.keep = .everything(upTo: 100)
            let error = await failure(of: request, with: client)
            #expect(error?.code == .bodyCutShort)
            #expect(error?.receipt?.body == Array("half".utf8))
        }
    }
}
