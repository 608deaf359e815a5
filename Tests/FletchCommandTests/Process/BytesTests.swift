import Foundation
import Testing

/// Arguments and files are bytes, which need not be UTF-8: they go out as they came.
@Suite(.timeLimit(.minutes(5))) struct BytesTests {
    /// Runs a line of `sh` that has the server's address in `$url`, and returns the request that it leads to.
    private func request(_ line: String, bodyBytes: Int = 0) async throws -> (head: [UInt8], body: [UInt8]) {
        let server = try RawServer()
        let url = server.url
        async let outcome = Shell.line("cd '\(try Self.folder.get())' && url='\(url)'; \(line)")
        let bytes = try await server.request(bodyBytes: bodyBytes)
        let ended = try await outcome
        #expect(ended.status == 0, "\(ended.errors)")
        let end = try #require(bytes.firstRange(of: Array("\r\n\r\n".utf8)))
        return (Array(bytes[..<end.upperBound]), Array(bytes[end.upperBound...]))
    }

    /// With files of these tests.
    private static let folder = Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fletch-bytes-\(getpid())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }

    private static let cafe = Array("caf".utf8) + [0xE9]

    @Test(arguments: ["-d", "--data-raw", "--data-binary", "--json"]) func data(_ option: String) async throws {
        let sent = try await request("fletch \(option) \"$(printf 'q=caf\\351')\" $url", bodyBytes: 6)
        #expect(sent.body == Array("q=".utf8) + Self.cafe)
    }

    @Test func dataWithEveryByte() async throws {
        // A code point that stands for a byte within the command, and what is cut off in the middle of a character.
        let bytes = (1...255).map(UInt8.init) + [0xF4, 0x8F, 0xBA, 0x80, 0xC3, 0x28, 0xE2, 0x82]
        let octal = bytes.map { "\\" + String($0, radix: 8) }.joined()
        let sent = try await request("fletch --data-raw \"$(printf '\(octal)')\" $url", bodyBytes: bytes.count)
        #expect(sent.body == bytes)
    }

    @Test(arguments: [
        "fletch -H \"$(printf 'X-A: caf\\351')\" $url", "printf 'X-A: caf\\351\\r\\n' > fields; fletch -H @fields $url",
        "printf 'X-A: caf\\351' | fletch -H @- $url",
    ])
    func fields(_ line: String) async throws {
        let head = try await request(line).head
        #expect(head.firstRange(of: Array("\r\nX-A: ".utf8) + Self.cafe + Array("\r\n".utf8)) != nil)
    }

    @Test func userAgent() async throws {
        let head = try await request("fletch -A \"$(printf 'caf\\351')\" $url").head
        #expect(head.firstRange(of: Array("\r\nUser-Agent: ".utf8) + Self.cafe + Array("\r\n".utf8)) != nil)
    }

    @Test func credentials() async throws {
        let head = try await request("fletch -u \"$(printf 'caf\\351:x')\" $url").head
        let encoded = Data(Self.cafe + Array(":x".utf8)).base64EncodedString()
        #expect(head.firstRange(of: Array("\r\nAuthorization: Basic \(encoded)\r\n".utf8)) != nil)
    }

    @Test(arguments: ["-d @", "--data-binary @", "-T "]) func fileNames(_ option: String) async throws {
        let line = "name=\"$(printf 'f\\351')\"; printf content > \"$name\"; fletch \(option)\"$name\" $url/"
        let sent = try await request(line, bodyBytes: 7)
        #expect(sent.body == Array("content".utf8))
        if option == "-T " { #expect(sent.head.starts(with: "PUT /f%E9 ".utf8)) }
    }

    @Test func namesAreSaidAsTheyCame() async throws {
        let outcome = try await Shell.line(
            "fletch -d @\"$(printf 'f\\351')\" http://127.0.0.1:1/ 2>&1 | od -An -c | tr -d ' \\n'")
        #expect(outcome.output.contains("f351cannotberead"), "\(outcome.output)")
    }

    // MARK: Fields in files

    @Test func linesOfAFileAreFields() async throws {
        let file =
            "# X-No: 1\\nX-A: 1,\\n\\t2\\n  # 3\\n\\n# X-No: 2\\nX-B: a\\342\\200\\250b\\r\\nX-C;\\nUser-Agent:\\n"
        let head = String(
            decoding: try await request("printf '\(file)' > lines; fletch -H @lines -H '' $url").head, as: UTF8.self)
        #expect(head.contains("\r\nX-A: 1, 2 # 3\r\nX-B: a\u{2028}b\r\nX-C: \r\n"), "\(head)")
        #expect(!head.contains("X-No") && !head.contains("User-Agent"))
    }

    @Test(arguments: ["\\001", "\\033", "\\177", "a\\rb", "\\v"]) func controlCharactersAreRefused(_ value: String)
        async throws
    {
        for line in ["-H \"$(printf 'X-A: 1\(value)2')\"", "-A \"$(printf 'a\(value)b')\""] {
            let outcome = try await Shell.line("fletch \(line) http://127.0.0.1:1/")
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains("control character"), "\(outcome.errors)")
        }
    }
}
