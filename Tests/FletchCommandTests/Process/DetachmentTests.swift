import FletchTarget
import Foundation
import Testing

/// What becomes of the process in the background, and of the one that waits for it.
@Suite(.timeLimit(.minutes(2))) struct DetachmentTests {
    private static func slow(_ delay: Duration = .seconds(5)) -> TargetConfiguration {
        var configuration = TargetConfiguration()
        configuration.delay = delay
        configuration.onDisconnect = .abort
        return configuration
    }

    @Test func returnsLongBeforeTheResponseAndTheWorkIsDone() async throws {
        try await withFletchTarget(Self.slow()) { target in
            let outcome = try await Shell.fletch("-d", "hello", "--receipt", "json", target.url + "/job")
            #expect(outcome.status == 0)
            #expect(outcome.output.contains("\"milestone\":\"acknowledged\""))
            #expect(target.records().first?.work ?? .pending == .pending)
            let record = try #require(await target.waitForRecords { $0.first?.departure == .rst }.first)
            #expect(record.work == .done)
            #expect(record.bodyChecksum == RequestRecord.checksum(of: "hello".utf8))
        }
    }

    @Test func backgroundProcessHoldsNothingAndEndsWithTheResponse() async throws {
        let nonce = UUID().uuidString
        try await withFletchTarget(Self.slow()) { target in
            let lock = FileManager.default.temporaryDirectory.appendingPathComponent(nonce).path
            defer { try? FileManager.default.removeItem(atPath: lock) }
            let outcome = try await Shell.line("exec 9>'\(lock)'; fletch \(target.url)/\(nonce)")
            #expect(outcome.status == 0)
            let id = try #require(Processes.ids(mentioning: nonce).first)
            #expect(Processes.folder(id) == "/")
            #expect(Processes.session(id) == id)
            let descriptors = Processes.descriptors(id)
            #expect(descriptors[0] == "/dev/null")
            #expect(descriptors[1] == "/dev/null")
            #expect(descriptors[2] == "/dev/null")
            #expect(!descriptors.values.contains { $0.contains(nonce) || $0.hasPrefix("pipe:") })
            _ = await target.waitForRecords { $0.first?.work == .done }
            // Long before the park limit.
            #expect(try await Processes.waitForEnd(id, milliseconds: 30_000))
        }
    }

    @Test func backgroundProcessEndsAtTheParkLimit() async throws {
        let nonce = UUID().uuidString
        var configuration = TargetConfiguration()
        configuration.behavior = .neverAnswer
        try await withFletchTarget(configuration) { target in
            let outcome = try await Shell.fletch("--park", "0.5", "\(target.url)/\(nonce)")
            #expect(outcome.status == 0)
            for id in Processes.ids(mentioning: nonce) {
                #expect(try await Processes.waitForEnd(id, milliseconds: 60_000))
            }
            let record = try #require(await target.waitForRecords { $0.contains { $0.departure != .stillThere } }.first)
            #expect(record.departure == .rst)
        }
    }

    @Test func killingTheBackgroundProcessIsToldAsUnknown() async throws {
        let nonce = UUID().uuidString
        try await withFletchTarget(Self.slow(.seconds(60))) { target in
            let started = try await Shell.start([Shell.fletch, "--until", "answered", "\(target.url)/\(nonce)"])
            _ = await target.waitForRecords { $0.count == 1 }
            let id = try #require(Processes.ids(mentioning: nonce, except: started.id).first)
            kill(id, SIGKILL)
            #expect(try await started.end() == 56)
            #expect(try await started.firstWords().contains("unknown"))
        }
    }

    @Test func interruptingBeforeAnythingIsSentEndsBothProcesses() async throws {
        let nonce = UUID().uuidString
        let started = try await Shell.start([
            Shell.fletch, "--retry", "9", "--retry-delay", "100", "http://127.0.0.1:1/\(nonce)",
        ])
        // Its first words: the attempt has failed, and it waits for the next one.
        #expect(try await started.firstWords().contains("attempt 2"))
        let id = try #require(Processes.ids(mentioning: nonce, except: started.id).first)
        kill(started.id, SIGINT)
        #expect(try await started.end() == SIGINT)
        #expect(try await Processes.waitForEnd(id, milliseconds: 60_000))
    }

    @Test func interruptingAfterTheRequestIsSentDoesNotAbortTheWork() async throws {
        let nonce = UUID().uuidString
        try await withFletchTarget(Self.slow()) { target in
            let started = try await Shell.start([Shell.fletch, "--until", "answered", "\(target.url)/\(nonce)"])
            _ = await target.waitForRecords { $0.first?.isComplete == true }
            kill(started.id, SIGINT)
            #expect(try await started.end() == SIGINT)
            let record = try #require(await target.waitForRecords { $0.first?.departure == .rst }.first)
            #expect(record.work == .done)
        }
    }

    @Test func staysInTheForegroundWhenAsked() async throws {
        try await withFletchTarget(Self.slow()) { target in
            let outcome = try await Shell.fletch("--foreground", target.url)
            #expect(outcome.status == 0)
            #expect(target.records().first?.work == .done)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "a process namespace of its own takes root"))
    func staysInTheForegroundAsTheFirstProcess() async throws {
        try await withFletchTarget(Self.slow()) { target in
            let outcome = try await Shell.run(["/usr/bin/unshare", "--pid", "--fork", Shell.fletch, target.url])
            #expect(outcome.status == 0)
            #expect(target.records().first?.work == .done)
        }
    }

    @Test func outlivesItsTerminalAndShowsAReceiptThere() async throws {
        try await withFletchTarget(Self.slow()) { target in
            let outcome = try await Shell.run([
                "/usr/bin/script", "-qec", "'\(Shell.fletch)' \(target.url)", "/dev/null",
            ])
            #expect(outcome.output.contains("acknowledged after"))
            let record = try #require(await target.waitForRecords { $0.first?.departure == .rst }.first)
            #expect(record.work == .done)
        }
    }

    @Test func tellsThatTheReceiptWasLostOnAFullDisk() async throws {
        try await withFletchTarget { target in
            let outcome = try await Shell.line("fletch --receipt json \(target.url) >/dev/full")
            #expect(outcome.status == 23)
            #expect(outcome.errors.contains("No space left"))
            #expect(await target.waitForRecords { $0.count == 1 }.count == 1)
        }
    }

    @Test func sendsEverythingThoughItsReaderHasGone() async throws {
        try await withFletchTarget { target in
            _ = try await Shell.line("fletch --receipt json \(target.url)/1 \(target.url)/2 \(target.url)/3 | true")
            #expect(await target.waitForRecords { $0.count == 3 }.map(\.path).sorted() == ["/1", "/2", "/3"])
        }
    }
}
