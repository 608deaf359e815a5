import FletchQueue
import Testing

@testable import FletchServer

@Suite struct JobHeadersBodyTests {
    private static func headers(_ text: String) throws -> [JobHeader] {
        try JobHeadersBody.headers(try #require(text.json))
    }

    private static func problem(_ text: String) throws -> String? {
        let value = try #require(text.json)
        do throws(Violation) {
            _ = try JobHeadersBody.headers(value)
            return nil
        } catch {
            return error.path + " " + error.message
        }
    }

    private static func object(_ count: Int, name: (Int) -> String = { "x-\($0)" }, value: String = "\"\"") -> String {
        "{" + (0..<count).map { "\"\(name($0))\":\(value)" }.joined(separator: ",") + "}"
    }

    @Test func fieldsKeepNameAndOrder() throws {
        let headers = try Self.headers(#"{"X-B":"1","content-type":"a/b; c=\"d\"","X-A":"é\t"}"#)
        #expect(
            headers == [
                JobHeader("X-B", "1"), JobHeader("content-type", "a/b; c=\"d\""), JobHeader("X-A", "é\t"),
            ])
        #expect(try Self.headers("{}").isEmpty)
    }

    @Test func scalarsBecomeText() throws {
        let headers = try Self.headers(#"{"a":5,"b":true,"c":["d"],"e":-0.0,"f":1e21}"#)
        #expect(headers.map(\.value) == ["5", "true", "d", "0", "1e+21"])
    }

    @Test func nullIsAsIfItWereAbsentAndTheLastOfTheSameNameCounts() throws {
        #expect(try Self.headers(#"{"a":null,"host":null,"b":"1"}"#) == [JobHeader("b", "1")])
        #expect(try Self.headers(#"{"a":"1","b":"2","a":"3"}"#) == [JobHeader("a", "3"), JobHeader("b", "2")])
        #expect(try Self.headers(#"{"a":"1","a":null}"#).isEmpty)
    }

    @Test(arguments: [
        ("5", " must be object"), ("[]", " must be object"), ("\"a\"", " must be object"),
        (#"{"a":{}}"#, "/a must be string"), (#"{"a":["b","c"]}"#, "/a must be string"),
        (#"{"a b":""}"#, "/a b must be a field name: letters, digits and !#$%&'*+-.^_`|~"),
        (#"{"":""}"#, "/ must be a field name: letters, digits and !#$%&'*+-.^_`|~"),
        (#"{"Host":"a"}"#, "/Host must NOT be set: it is taken from the URL"),
        (#"{"Idempotency-Key":""}"#, "/Idempotency-Key must NOT be empty: leave it out, and fletchd sets one"),
        (#"{"a":"b\r\nc: d"}"#, "/a must NOT have control characters but tabs"),
        (#"{"X-A":"1","b":"","x-a":"2"}"#, "/x-a must NOT be set twice: field names have no case"),
        (#"{"X-A":"1","x-a":"1"}"#, "/x-a must NOT be set twice: field names have no case"),
    ])
    func firstFaultIsTold(_ text: String, _ message: String) throws {
        #expect(try Self.problem(text) == message)
    }

    @Test func thereAreSixtyFourFieldsAtMost() throws {
        #expect(try Self.problem(Self.object(64)) == nil)
        #expect(try Self.problem(Self.object(65)) == " must NOT have more than 64 properties")
        #expect(try Self.problem(Self.object(50_000)) == " must NOT have more than 64 properties")
        #expect(try Self.problem(Self.object(1_000, name: { _ in "a" })) == nil)
        #expect(try Self.problem(Self.object(1_000, value: "null")) == nil)
    }

    @Test func theyHaveSixteenKiBAtMost() throws {
        func field(_ bytes: Int) -> String { "{\"x-a\":\"\(String(repeating: "b", count: bytes - 3))\"}" }
        #expect(try Self.problem(field(16_384)) == nil)
        #expect(try Self.problem(field(16_385)) == " must NOT have more than 16384 bytes")
        let names = Self.object(64, name: { "\(String(repeating: "n", count: 253))-\($0 + 10)" }, value: "\"\"")
        #expect(try Self.problem(names) == nil)
        let longer = Self.object(64, name: { "\(String(repeating: "n", count: 254))-\($0 + 10)" }, value: "\"\"")
        #expect(try Self.problem(longer) == " must NOT have more than 16384 bytes")
    }

    @Test func longNameIsCutInTheMessage() throws {
        let name = String(repeating: "ä", count: 10_000)
        #expect(try Self.problem("{\"\(name)\":\"\"}")?.hasPrefix("/\(name.prefix(40))… must be a field name") == true)
    }
}
