import Foundation
import FletchTarget
import Testing

/// What the caller names is found by the background process, too, though that has another folder and other descriptors.
@Suite(.timeLimit(.minutes(5))) struct CallersWorldTests {
    /// The body that a line of `sh` has sent, whose last argument is `$url`; in a folder of its own with a file `file`.
    private func sendsContent(_ line: String) async throws -> Bool {
        try await withFletchTarget { target in
            let folder = try Self.folder()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let outcome = try await Shell.line("cd '\(folder)' && printf content > file; url='\(target.url)'; \(line)")
            #expect(outcome.status == 0, "\(outcome.errors)")
            let record = try #require(await target.waitForRecords { $0.first?.isComplete == true }.first)
            return record.bodyChecksum == RequestRecord.checksum(of: "content".utf8) && record.bodyBytes == 7
        }
    }

    private static func folder() throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }

    @Test(arguments: [
        "--data-binary @/dev/stdin $url < file", "--data-binary @/dev/fd/7 $url 7< file",
        "--data-binary @/proc/self/fd/7 $url 7< file", "-T /dev/stdin $url < file", "--data-binary @./file $url",
        "--data-binary @link $url", "--json @/dev/stdin $url < file", "-d @/dev/stdin $url < file",
    ])
    func descriptorsOfTheCaller(_ arguments: String) async throws {
        let input = arguments.contains("<") ? "" : "< file"
        #expect(try await sendsContent("ln -s /dev/fd/0 link; fletch \(arguments) \(input)"))
    }

    @Test func pipeOfTheCaller() async throws {
        #expect(try await sendsContent("printf content | fletch --data-binary @/dev/stdin $url"))
    }

    /// Open, and nowhere to be found.
    @Test func fileThatIsDeleted() async throws {
        #expect(
            try await sendsContent(
                "exec 7< file; rm file; printf another > 'file (deleted)'; fletch --data-binary @/dev/fd/7 $url"))
    }

    @Test(arguments: ["/proc/version", "/sys/kernel/mm/transparent_hugepage/enabled"])
    func fileOfTheKernel(_ path: String) async throws {
        let content = try Data(contentsOf: URL(fileURLWithPath: path))
        try await withFletchTarget { target in
            let outcome = try await Shell.fletch("--data-binary", "@\(path)", target.url)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let record = try #require(await target.waitForRecords { $0.first?.isComplete == true }.first)
            #expect(record.bodyBytes == content.count && !content.isEmpty)
            #expect(record.bodyChecksum == RequestRecord.checksum(of: content))
        }
    }

    /// Also where the folder's own path is longer than a socket's may be.
    @Test(arguments: [
        ".", "a-folder-with-a-long-name/a-folder-with-a-long-name/a-folder-with-a-long-name/a-folder-with-a-long-name",
    ])
    func relativeSocket(_ below: String) async throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var configuration = TargetConfiguration()
        configuration.unixSocketPath = folder + "/s"
        try await withFletchTarget(configuration) { target in
            let outcome = try await Shell.line(
                "cd '\(folder)' && mkdir -p '\(below)' && cd '\(below)' && { [ -e s ] || mv '\(folder)/s' s; } "
                    + "&& fletch -f -d content --unix-socket s http://localhost/")
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(target.records().count == 1)
        }
    }

    @Test(arguments: ["s", "a/s", String(repeating: "x", count: 108), "/" + String(repeating: "x", count: 108)])
    func socketThatIsNotThereIsNamedAsItIsGiven(_ path: String) async throws {
        let outcome = try await Shell.line("cd /tmp && fletch --unix-socket '\(path)' http://localhost/")
        #expect(outcome.status == 7)
        #expect(outcome.errors.contains(path.hasPrefix("s") ? "unix:/tmp/s:" : path), "\(outcome.errors)")
        #expect(!outcome.errors.contains("/proc/"), "\(outcome.errors)")
    }

    // MARK: What others see of it

    /// As long as it holds the connection, and as it waits.
    @Test(arguments: ["", "--foreground "]) func processListShowsNoSecret(_ option: String) async throws {
        var configuration = TargetConfiguration()
        configuration.behavior = .neverAnswer
        let nonce = UUID().uuidString
        try await withFletchTarget(configuration) { target in
            let host = target.url.dropFirst("http://".count)
            let started = try await Shell.start([
                "/bin/sh", "-c",
                "exec '\(Shell.fletch)' \(option)--park 60 -ualice:SECRET -H 'X-Key: SECRET' --header='X: SECRET' -d SECRET --json "
                    + "SECRET --until answered 'http://bob:SECRET@\(host)/\(nonce)?token=SECRET'",
            ])
            _ = await target.waitForRecords { $0.count == 1 }
            let ids = Processes.ids(mentioning: nonce)
            #expect(ids.count == (option.isEmpty ? 2 : 1))
            for id in ids {
                let line = try String(contentsOfFile: "/proc/\(id)/cmdline", encoding: .utf8)
                #expect(!line.contains("SECRET"), "\(line)")
                #expect(line.contains("\(host)/\(nonce)"), "\(line)")
                kill(id, SIGKILL)
            }
            _ = try await started.end()
        }
    }
}
