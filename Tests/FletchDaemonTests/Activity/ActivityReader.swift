import Foundation
import Glibc
import Testing

/// Who reads `GET /activity`, by the client of the Python package `websockets`.
struct ActivityReader: Sendable {
    /// What it asks with.
    struct Options: Sendable {
        var scheme = "ws"
        var subprotocol: String?
        var fields: [String: String] = [:]
        /// Whom it trusts, with `wss`.
        var authority: String?
    }

    /// An event, as it came.
    struct Event: Sendable, Equatable, CustomStringConvertible {
        let name: String
        let id: String
        let endpoint: String
        /// Of a job that is rescheduled.
        let runAt: String?
        let text: String

        var description: String { text }

        init?(_ line: String) {
            guard let items = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [Any], items.count == 2,
                let name = items[0] as? String, let payload = items[1] as? [String: Any],
                let id = payload["id"] as? String, let endpoint = payload["endpoint"] as? String
            else { return nil }
            (self.name, self.id, self.endpoint, text) = (name, id, endpoint, line)
            runAt = payload["runAt"] as? String
        }
    }

    let program: Program

    /// Returns once it is told what happens, or why it is not.
    static func start(_ port: Int, _ options: Options = Options()) async throws -> ActivityReader {
        let fields = options.fields.map { "\($0.key): \($0.value)" }.joined(separator: "\n")
        let program = try Python.start(
            script,
            [
                "\(options.scheme)://localhost:\(port)/activity", options.subprotocol ?? "", fields,
                options.authority ?? "",
            ])
        try await program.printed.wait { $0.contains("\n") || program.hasEnded }
        return ActivityReader(program: program)
    }

    /// `open`, and the subprotocol that was chosen; or `status`, and which.
    var greeting: String { program.printed.value.prefix { $0 != "\n" }.description }

    var events: [Event] { Self.events(program.printed.value) }

    /// Waits for so many.
    @discardableResult
    func wait(for count: Int) async throws -> [Event] {
        Self.events(try await program.printed.wait { Self.lineCount($0) > count })
    }

    /// Waits for the end of the connection.
    /// - Returns: The code and the reason of the close.
    func end() async throws -> String {
        try await program.end()
        let last = program.printed.value.split(separator: "\n").last ?? ""
        return last.hasPrefix("closed ") ? String(last.dropFirst(7)) : "\(last) \(program.said.value)"
    }

    func stop() { program.signal(SIGKILL) }

    private static func lineCount(_ text: String) -> Int { text.utf8.count { $0 == UInt8(ascii: "\n") } }

    private static func events(_ text: String) -> [Event] {
        text.split(separator: "\n").compactMap { Event(String($0)) }
    }

    private static let script = """
        import asyncio, ssl, sys
        from websockets.asyncio.client import connect
        from websockets.exceptions import ConnectionClosed, InvalidStatus
        url, subprotocol, fields, authority = sys.argv[1:5]
        async def main():
            options = dict(ping_interval=None, proxy=None, max_size=None)
            if subprotocol: options["subprotocols"] = [subprotocol]
            if fields: options["additional_headers"] = [line.split(": ", 1) for line in fields.split("\\n")]
            if authority: options["ssl"] = ssl.create_default_context(cafile=authority)
            try:
                async with connect(url, **options) as socket:
                    print("open", socket.subprotocol or "")
                    try:
                        while True: print(await socket.recv())
                    except ConnectionClosed as error:
                        close = error.rcvd
                        print("closed", close.code if close else None, close.reason if close else "")
            except InvalidStatus as error: print("status", error.response.status_code)
        asyncio.run(main())
        """
}

/// Runs `body` with a reader, which is stopped before it returns.
func withReader<Result>(
    _ daemon: Daemon, _ options: ActivityReader.Options = .init(), _ body: (ActivityReader) async throws -> Result
) async throws -> Result {
    let reader = try await ActivityReader.start(daemon.api.port, options)
    defer { reader.stop() }
    return try await body(reader)
}
