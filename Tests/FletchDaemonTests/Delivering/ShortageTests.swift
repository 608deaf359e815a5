import Foundation
import Testing

/// What this machine lacks costs no job: neither descriptors nor a free connection.
@Suite(.timeLimit(.minutes(3)))
struct ShortageTests {
    @Test func jobsSurviveALimitOfFewDescriptors() async throws {
        try await withPlace { place in
            try await withOrigin { origin in
                try await withDaemon(place, wrapper: Self.limited(to: 64)) { daemon in
                    try await daemon.api.enqueue(all: Self.drafts(300), at: origin.url("/"))
                    try await origin.records.wait { $0.counts.count == 300 }
                    try await daemon.api.waitUntilEmpty()
                    #expect(origin.records.value.requests.allSatisfy { $0.attempt == 1 })
                    #expect(origin.records.value.requests.count == 300)
                }
            }
        }
    }

    /// More than there are descriptors for: clients have their share, and deliveries theirs.
    @Test func idleClientsTakeNothingFromDeliveries() async throws {
        try await withPlace { place in
            try await withOrigin { origin in
                try await withDaemon(place, wrapper: Self.limited(to: 128)) { daemon in
                    let drafts = (0..<100).map { Draft(body: "\($0)", delay: 1_000) }
                    try await daemon.api.enqueue(all: drafts, at: origin.url("/"))
                    // The kernel takes them at once.
                    let idle = try (0..<200).map { _ in try Wire(port: daemon.api.port) }
                    try await origin.records.wait { $0.counts.count == 100 }
                    #expect(origin.records.value.requests.map(\.attempt) == Array(repeating: 1, count: 100))
                    withExtendedLifetime(idle) {}
                }
            }
        }
    }

    /// Its connections are held for the rest of the answers; what finds none free there is no run of its job, and holds
    /// nobody else up.
    @Test func answersThatDoNotEndCostNoJob() async throws {
        let endless = Reply.endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", then: "1\r\nx\r\n")
        let isOver = Watched(false)
        try await withPlace { place in
            try await withOrigin({ _ in isOver.value ? .ok : endless }) { bad in
                try await withOrigin { good in
                    let arguments = ["--concurrency", "8"]
                    try await withDaemon(place, arguments, wrapper: Self.limited(to: 96)) { daemon in
                        try await daemon.api.enqueue(all: Self.drafts(100), at: bad.url("/"))
                        try await bad.wait(for: 8, at: "/")
                        try await daemon.api.enqueue(all: Self.drafts(50), at: good.url("/"))
                        try await good.wait(for: 50, at: "/")
                        #expect(bad.records.value.requests.count < 100)
                        #expect(try await daemon.terminate() == 0)
                    }
                    isOver.update { $0 = true }
                    try await withDaemon(place) { try await $0.api.waitUntilEmpty() }
                    #expect(
                        bad.records.value.counts == Dictionary(uniqueKeysWithValues: (0..<100).map { ("\($0)", 1) }))
                    #expect(bad.records.value.requests.allSatisfy { $0.attempt == 1 })
                    #expect(good.records.value.requests.count == 50)
                }
            }
        }
    }

    private static func drafts(_ count: Int) -> [Draft] { (0..<count).map { Draft(body: "\($0)") } }

    /// A name server that does not answer is no run of a job either; others go on, and so does it once the name is known.
    @Test(.enabled(if: Namespace.isAvailable, "a mount namespace takes root"))
    func jobWaitsForANameServerThatDoesNotAnswer() async throws {
        try await withPlace { place in
            try await withOrigin { origin in
                try place.write("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n", to: "resolv.conf")
                try place.write("127.0.0.1 localhost\n", to: "hosts")
                let wrapper = Namespace.wrapper(
                    "mount --bind '\(place.path("resolv.conf"))' /etc/resolv.conf && "
                        + "mount --bind '\(place.path("hosts"))' /etc/hosts")
                try await withDaemon(place, wrapper: wrapper) { daemon in
                    try await daemon.api.enqueue(Draft(body: "a"), at: origin.url("/late", host: "late.test"))
                    try await daemon.program.said.wait { $0.contains("resolver-failed") }
                    try await daemon.api.enqueue(Draft(body: "b"), at: origin.url("/now"))
                    try await origin.wait(for: 1, at: "/now")
                    #expect(origin.records.value.requests(to: "/late").isEmpty)
                    let hosts = try #require(FileHandle(forWritingAtPath: place.path("hosts")))
                    try hosts.seekToEnd()
                    try hosts.write(contentsOf: Data("127.0.0.1 late.test\n".utf8))
                    try hosts.close()
                    let requests = try await origin.wait(for: 1, at: "/late")
                    #expect(requests.map(\.attempt) == [1])
                    try await daemon.api.waitUntilEmpty()
                }
            }
        }
    }

    /// Who has redirected a job has seen it: it is not asked again for what this machine lacks afterwards.
    @Test(.enabled(if: Namespace.isAvailable, "a mount namespace takes root"))
    func jobThatWasRedirectedHasRun() async throws {
        try await withPlace { place in
            try await withOrigin({ _ in .redirect(307, to: "http://late.test/") }) { origin in
                try place.write("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n", to: "resolv.conf")
                let wrapper = Namespace.wrapper("mount --bind '\(place.path("resolv.conf"))' /etc/resolv.conf")
                try await withDaemon(place, wrapper: wrapper) { daemon in
                    try await daemon.api.enqueue(Draft(body: "a"), at: origin.url("/"))
                    try await daemon.api.waitUntilEmpty()
                    #expect(origin.records.value.requests.count == 1)
                }
            }
        }
    }

    @Test func limitIsRaisedAsFarAsTheProcessMay() async throws {
        try await withPlace { place in
            let wrapper = ["/bin/sh", "-c", "ulimit -Sn 64; ulimit -Hn 1000; exec \"$@\"", "sh"]
            try await withDaemon(place, wrapper: wrapper) { daemon in
                let limits = try String(contentsOfFile: "/proc/\(daemon.program.id)/limits", encoding: .utf8)
                let line = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max open files") })
                #expect(line.split(separator: " ").dropFirst(3).prefix(2) == ["1000", "1000"])
            }
        }
    }

    @Test func fewerThanItTakesIsAMessage() async throws {
        try await withPlace { place in
            let arguments = ["--store", place.store, "--port", "0"]
            let refused = try await outcome(of: arguments, wrapper: Self.limited(to: 32))
            #expect(refused.status == 1)
            #expect(refused.said.contains("32 file descriptors are too few"), "\(refused.said)")
            #expect(refused.said.contains("ulimit -n"))
            let checked = try await outcome(of: ["check"] + arguments, wrapper: Self.limited(to: 32))
            #expect(checked.status == 1)
            #expect(checked.printed.contains("problem: 32 file descriptors are too few"), "\(checked.printed)")
            let warned = try await outcome(of: ["check"] + arguments, wrapper: Self.limited(to: 128))
            #expect(warned.printed.contains("problem: few file descriptors: "), "\(warned.printed)")
        }
    }

    private static func limited(to count: Int) -> [String] {
        ["/bin/sh", "-c", "ulimit -n \(count); exec \"$@\"", "sh"]
    }
}
