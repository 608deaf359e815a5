import Foundation
import Glibc
import Testing

/// Many readers, some of which take nothing: those are cut off, and the others miss nothing.
///
/// FLETCH_MANY_READERS=1 has a thousand read a hundred events a second, for half a minute.
@Suite(.timeLimit(.minutes(5)))
struct ActivityLoadTests {
    private struct Load {
        var readerCount = 200
        var stuckCount = 10
        var roundCount = 20
        var bodyBytes = 8_192
        /// Between rounds of ten events; nil for as fast as they are read.
        var interval: Duration?

        static var current: Load {
            guard ProcessInfo.processInfo.environment["FLETCH_MANY_READERS"] != nil else { return Load() }
            return Load(readerCount: 1_000, roundCount: 300, bodyBytes: 1_024, interval: .milliseconds(100))
        }
    }

    @Test func stuckReadersAreCutOffAndNobodyElseMissesAnything() async throws {
        let load = Load.current
        try await withQueue { queue in
            let readers = try Python.start(
                Self.script,
                [queue.daemon.api.port, load.readerCount, load.stuckCount, load.roundCount].map { "\($0)" })
            defer { readers.signal(SIGKILL) }
            try await readers.printed.wait { $0.contains("ready\n") }
            let before = Self.peakBytes(queue.daemon)
            let body = String(repeating: "x", count: load.bodyBytes)
            let start = ContinuousClock.now
            for round in 0..<load.roundCount {
                let drafts = (0..<10).map { Draft(body: body, id: "\(round)-\($0)", delay: 10_000_000) }
                try await queue.api.enqueue(all: drafts, at: queue.endpoint)
                if let interval = load.interval {
                    try await ContinuousClock().sleep(until: start + interval * (round + 1))
                } else {
                    try await readers.printed.wait { $0.contains("round \(round)\n") }
                }
            }
            try await readers.end(within: .seconds(120))
            let result = readers.printed.value.split(separator: "\n").last.map(String.init) ?? ""
            let goodCount = load.readerCount - load.stuckCount
            #expect(result == "complete \(goodCount) cut \(load.stuckCount)", "\(readers.said.value)")
            let grownBytes = Self.peakBytes(queue.daemon) - before
            if load.interval != nil { print("\(result): \(grownBytes >> 20) MiB more at the peak") }
        }
    }

    /// The most memory that it has had.
    private static func peakBytes(_ daemon: Daemon) -> Int {
        let text = (try? String(contentsOfFile: "/proc/\(daemon.program.id)/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) << 10
    }

    /// Reads frames without a library, which would be busier than the server. The stuck ones begin to read at the end, and
    /// find that they have been cut off.
    private static let script = """
        import asyncio, resource, socket, struct, sys
        port, readers, stuck, rounds = map(int, sys.argv[1:5])
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        head = (b"GET /activity HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n"
            b"Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n")
        counts = [0] * (rounds * 10 + 1)

        class Reader(asyncio.Protocol):
            def __init__(self, is_stuck):
                self.is_stuck, self.data, self.is_open, self.seen = is_stuck, b"", False, 0
                self.opened, self.ended = (asyncio.get_running_loop().create_future() for _ in range(2))
            def connection_made(self, transport):
                self.transport = transport
                transport.write(head)
            def data_received(self, data):
                self.data += data
                if not self.is_open:
                    if b"\\r\\n\\r\\n" not in self.data: return
                    answer, self.data = self.data.split(b"\\r\\n\\r\\n", 1)
                    assert answer.startswith(b"HTTP/1.1 101"), answer
                    self.is_open = True
                    if self.is_stuck: self.transport.pause_reading()
                    self.opened.set_result(None)
                at = 0
                while len(self.data) >= at + 4:
                    if self.data[at:at + 2] == b"\\x89\\0":
                        self.transport.write(b"\\x8a\\x80\\0\\0\\0\\0")
                        at += 2
                        continue
                    size, start = self.data[at + 1], at + 2
                    if size == 126: size, start = struct.unpack_from(">H", self.data, at + 2)[0], at + 4
                    if len(self.data) < start + size: break
                    number = b'"id":"%d-%d"' % divmod(self.seen, 10)
                    assert number in self.data[start:start + 64], self.data[start:start + 64]
                    self.seen += 1
                    at = start + size
                    if not self.is_stuck: self.count()
                self.data = self.data[at:]
            def count(self):
                counts[self.seen] += 1
                if counts[self.seen] == readers - stuck and self.seen % 10 == 0:
                    print("round", self.seen // 10 - 1)
                    if self.seen == rounds * 10: finished.set_result(None)
            def connection_lost(self, error):
                if not self.ended.done(): self.ended.set_result(None)
                if not self.is_stuck and not finished.done(): finished.set_result(None)

        async def reader(is_stuck):
            connection = socket.socket()
            if is_stuck: connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", port))
            loop = asyncio.get_running_loop()
            _, protocol = await loop.create_connection(lambda: Reader(is_stuck), sock=connection)
            await protocol.opened
            return protocol

        async def main():
            global finished
            finished = asyncio.get_running_loop().create_future()
            all = [await reader(number < stuck) for number in range(readers)]
            print("ready")
            await finished
            for one in all[:stuck]: one.transport.resume_reading()
            await asyncio.wait([one.ended for one in all[:stuck]], timeout=60)
            cut = sum(one.ended.done() and one.seen < rounds * 10 for one in all[:stuck])
            print("complete", sum(one.seen == rounds * 10 for one in all[stuck:]), "cut", cut)
        asyncio.run(main())
        """
}
