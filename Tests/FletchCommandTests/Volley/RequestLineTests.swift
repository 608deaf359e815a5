import Foundation
import HTTPTypes
import Testing

@testable import Fletch
@testable import FletchCommand

/// What a line of a volley means.
@Suite struct RequestLineTests {
    private func request(_ line: String, like prototype: FletchRequest? = nil) throws -> FletchRequest {
        let prototype = prototype ?? FletchRequest(.get, "http://localhost")
        return try RequestLine.request(ArraySlice(Array(line.utf8)), like: prototype)
    }

    @Test(arguments: [("example.org/a", "http://example.org/a"), ("http://h:81/?q", "http://h:81/?q")])
    func urlByItself(_ line: String, _ url: String) throws {
        let request = try request(line)
        #expect(request.url == url)
        #expect(request.method == .get)
    }

    @Test(arguments: ["h/?u=http://x/", "h:81?u=a://b", "h/a://b", "h#://"]) func urlWithoutASchemeMayHoldOne(
        _ line: String
    ) throws {
        #expect(URLBuilder().url(line) == "http://\(line)")
        #expect(try request(line).url == request("http://\(line)").url)
        #expect(try request("{\"url\":\"\(line)\"}").url == request("http://\(line)").url)
    }

    @Test(arguments: [
        (#"{"url":null}"#, "url is null"), (#"{"url":"h","header":{"X":null}}"#, "header.X is null"),
        (#"{"url":"h","body_file":"a\u0000b"}"#, "body_file holds a NUL: no file has such a name"),
    ])
    func faultIsSaidInPlainWords(_ line: String, _ words: String) {
        let fault = #expect(throws: RequestLine.Fault.self) { try request(line) }
        #expect(fault?.message.hasSuffix(words) == true, "\(fault?.message ?? "")")
    }

    @Test func credentialsOfAURLMayBeLeftOut() {
        let builder = URLBuilder(leavesCredentialsOut: true)
        #expect(builder.url("u:p@h/a@b") == "http://h/a@b")
        #expect(builder.url("https://u@x:p@h?q=a@b") == "https://h?q=a@b")
        #expect(builder.url("h/?u=http://u@h") == "http://h/?u=http://u@h")
    }

    @Test func optionsAddToTheURL() throws {
        func url(_ line: String, _ urls: URLBuilder) throws -> String {
            try RequestLine.request(ArraySlice(line.utf8), like: FletchRequest(.get, ""), with: urls).url
        }
        #expect(try url("h/a?b#c", URLBuilder(query: "d=e")) == "http://h/a?b&d=e")
        #expect(try url(#"{"url":"http://h"}"#, URLBuilder(query: "d=e")) == "http://h/?d=e")
        #expect(try url("h", URLBuilder(uploadPath: "/x/f g")) == "http://h/f%20g")
        #expect(try url("h/a/#c", URLBuilder(uploadPath: "f")) == "http://h/a/f")
        #expect(try url("h/a", URLBuilder(uploadPath: "f")) == "http://h/a")
        #expect(try url("h/", URLBuilder(uploadPath: "-")) == "http://h/")
        #expect(try url("h/a/?b/", URLBuilder(uploadPath: "f")) == "http://h/a/f?b/")
        #expect(try url("h?b", URLBuilder(uploadPath: "f")) == "http://h/f?b")
        #expect(try url("h/", URLBuilder(uploadPath: "d/\u{301}f")) == "http://h/%CC%81f")
        #expect(try url(#"{"url":"h/a/","body_text":"b"}"#, URLBuilder(uploadPath: "f")) == "http://h/a/")
    }

    @Test func keysThatDifferInCaseAreOneField() throws {
        let prototype = FletchRequest(.get, "", fields: [.init("x-a")!: "default"])
        let request = try request(
            #"{"url":"http://h/","header":{"X-A":"1","x-a":["2"]},"headers":{"X-a":"3"}}"#, like: prototype)
        #expect(request.fields[values: .init("x-a")!].sorted() == ["1", "2", "3"])
    }

    @Test func everyMemberOfARequest() throws {
        let request = try request(
            #"{"method":"PUT","url":"http://h/x","header":{"A":["1","2"],"B":"3"},"body":"aGVsbG8="}"#)
        #expect(request.method == .put)
        #expect(request.fields[values: .init("a")!] == ["1", "2"])
        #expect(request.fields[.init("B")!] == "3")
        #expect(request.body == .bytes(Array("hello".utf8)))
    }

    @Test func targetOfVegetaWithWhatFletchDoesNotKnow() throws {
        let request = try request(
            #"{"body":"eA==","header":{"Content-Type":["text/plain"]},"method":"POST","url":"http://h/","extra":{"a":1}}"#
        )
        #expect(request.method == .post)
        #expect(request.body == .bytes([UInt8(ascii: "x")]))
    }

    @Test func bodyAsTextOrFile() throws {
        #expect(try request(#"{"url":"http://h","body_text":"h\u00e9"}"#).body == .utf8("hé"))
        #expect(try request(#"{"url":"http://h","body_text":"x"}"#).method == .post)
        #expect(try request(#"{"url":"http://h","body_file":"/tmp/x"}"#).body == .file("/tmp/x"))
        #expect(try request(#"{"url":"http://h","method":"GET","body_text":"x"}"#).method == .get)
    }

    @Test func optionsOfTheCommandHoldWhereTheLineSaysNothing() throws {
        let prototype = FletchRequest(
            .patch, "http://localhost", fields: [.accept: "a", .userAgent: "b"], body: .utf8("default"))
        let plain = try request("http://h/", like: prototype)
        #expect(plain.method == .patch)
        #expect(plain.body == .utf8("default"))
        let own = try request(#"{"url":"http://h/","headers":{"Accept":"c"},"body_text":"own"}"#, like: prototype)
        #expect(own.fields[values: .accept] == ["c"])
        #expect(own.fields[.userAgent] == "b")
        #expect(own.body == .utf8("own"))
    }

    @Test(arguments: [
        (#"{"method":"GET"}"#, "url is missing"), (#"{"url":7}"#, "url has the wrong type"),
        (#"{"url":"#, "not a request"),
        (#"{"url":"http://h","body":"!"}"#, "base64"), (#"{"url":"http://h","body":"","body_text":""}"#, "exclude"),
        (#"{"url":"http://h","method":"A B"}"#, "method"), (#"{"url":"http://h","header":{"A B":"1"}}"#, "'A B'"),
        (#"{"url":"http://h","header":{"A":"1\r\nB: 2"}}"#, "line break"), ("{}", "url is missing"),
    ])
    func faultsAreNamed(_ line: String, _ words: String) throws {
        let fault = #expect(throws: RequestLine.Fault.self) { try request(line) }
        #expect(fault?.message.contains(words) == true, "\(fault?.message ?? "")")
    }
}

@Suite struct LineReaderTests {
    private func lines(_ contents: [Data]) throws -> [String] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let paths = try contents.enumerated().map { number, data in
            let file = folder.appendingPathComponent("\(number)")
            try data.write(to: file)
            return file.path
        }
        var reader = LineReader(paths)
        var lines: [String] = []
        while let line = try reader.next() {
            let file = line.file.split(separator: "/").last ?? ""
            lines.append("\(file):\(line.number) \(String(decoding: line.text, as: UTF8.self))")
        }
        return lines
    }

    @Test func linesOfSeveralFilesWithTheirPlaces() throws {
        let files = [Data("a\n\n  b \r\nc".utf8), Data(), Data("\nd\n".utf8)]
        #expect(try lines(files) == ["0:1 a", "0:3 b", "0:4 c", "2:2 d"])
    }

    @Test func linesLongerThanAPiece() throws {
        let long = String(repeating: "x", count: 1_000_000)
        #expect(try lines([Data("a\n\(long)\nb".utf8)]) == ["0:1 a", "0:2 \(long)", "0:3 b"])
    }

    @Test func fileThatIsNotThereIsNamed() {
        var reader = LineReader(["/no/such/file"])
        let error = #expect(throws: FletchError.self) { try reader.next() }
        #expect(error?.message.contains("/no/such/file cannot be read") == true)
    }
}

@Suite struct PacerTests {
    @Test func scheduleDoesNotDependOnWhenItIsAskedFor() {
        var pacer = Pacer(start: Moment(nanoseconds: 0), rate: 1_000)
        let moments = [5, 10_000_000_000, 20].map { pacer.next(at: Moment(nanoseconds: $0)).nanoseconds }
        #expect(moments == [0, 1_000_000, 2_000_000])
    }

    @Test func withoutARateEachIsDueAtOnce() {
        var pacer = Pacer(start: Moment(nanoseconds: 0), rate: nil)
        #expect(pacer.next(at: Moment(nanoseconds: 7)).nanoseconds == 7)
    }
}
