import Foundation
import Testing

/// A long volley takes no more than a short one.
@Suite(
    .timeLimit(.minutes(5)),
    .enabled(if: FileManager.default.isExecutableFile(atPath: Nginx.path), "nginx is not installed"))
struct EnduranceTests {
    private static let locations = """
        keepalive_requests 1000;
        location / { return 200 "ok"; }
        location /close { keepalive_timeout 0; return 200 "ok"; }
        location /drop { return 444; }
        """

    /// Most are answered on a connection that goes on; some end theirs, in ways that take others with them.
    private func lines(_ url: String, refused port: Int) -> String {
        let odd = ["\(url)/drop", "\(url)/close", "http://127.0.0.1:\(port)/", #"{"url":"\#(url)/","body_text":"x"}"#]
        return (0..<200).map { $0 % 50 == 49 ? "\(odd[$0 / 50])\n" : "\(url)/\($0)\n" }.joined()
    }

    /// What else it has open, but for sockets.
    private func otherDescriptors(_ volley: Started) -> [Int: String] {
        Processes.descriptors(volley.id).filter { !$0.value.hasPrefix("socket:") }
    }

    @Test func memoryAndDescriptorsReturnToWhereTheyWere() async throws {
        try await withRefusedPort { port in
            try await Nginx.run(Self.locations) { url, _ in
                let options = ["--silent", "--until", "answered", "--connections", "8", "--pipeline", "16"]
                let volley = try await Shell.start([Shell.fletch, "volley"] + options + ["-"], input: nil)
                let lines = lines(url, refused: port)
                func send(_ count: Int) async throws {
                    for _ in 0..<count / 200 { try await volley.feed(lines) }
                }
                // A pipe holds no more than a few thousand lines: it has sent all before those.
                try await send(20_000)
                let bytes = try #require(Processes.residentBytes(volley.id))
                let descriptors = otherDescriptors(volley)
                try await send(60_000)
                // 67 bytes for each: whatever could be kept of a request takes more.
                #expect(try #require(Processes.residentBytes(volley.id)) < bytes + 4_000_000)
                // What is left are its connections without a request.
                #expect(await becomesTrue { Processes.descriptors(volley.id).count <= descriptors.count + 8 })
                #expect(otherDescriptors(volley) == descriptors)
                try volley.endInput()
                let output = try await blocking { try volley.output.readToEnd() ?? Data() }
                #expect(String(decoding: output, as: UTF8.self).hasPrefix("80,000 requests"))
                _ = try await volley.end()
            }
        }
    }
}
