import FletchQueue
import Testing

@testable import FletchServer

@Suite struct PolicyFileTests {
    private func problem(_ content: [UInt8]) -> String? {
        do throws(PolicyFile.Unusable) {
            _ = try PolicyFile.policies(content)
            return nil
        } catch {
            return error.description
        }
    }

    @Test func policiesAreReadByTarget() throws {
        let policies = try PolicyFile.policies(
            Array(
                """
                {
                    "*": {"concurrency": 5},
                    "https://Example.com:443/": {"paused": true},
                    "https://example.com/hook?x=1": {}
                }
                """.utf8))
        #expect(policies.keys.sorted() == ["*", "https://example.com", "https://example.com/hook?x=1"])
        #expect(policies["*"]?.concurrency == 5)
        #expect(policies["https://example.com"]?.isPaused == true)
        #expect(policies["https://example.com/hook?x=1"] == Policy())
    }

    @Test(arguments: ["{}", " {} ", "\u{FEFF}{}"]) func fileWithoutPoliciesIsNoFault(_ text: String) throws {
        #expect(try PolicyFile.policies(Array(text.utf8)).isEmpty)
    }

    static let faults: [(String, String)] = [
        ("", "it is not JSON in UTF-8"), ("{", "it is not JSON in UTF-8"), ("{} x", "it is not JSON in UTF-8"),
        (#"{"*":{},}"#, "it is not JSON in UTF-8"), ("* = 5", "it is not JSON in UTF-8"),
        ("[]", #"it has to be an object of policies by target, as {"*":{"concurrency":5}}"#),
        ("null", #"it has to be an object of policies by target, as {"*":{"concurrency":5}}"#),
        (
            #"{"example.com":{}}"#,
            #""example.com" is no target: write the URL of an endpoint, an origin (https://example.com), or *"#
        ),
        (
            #"{"":{}}"#,
            "\"\" is no target: write the URL of an endpoint, an origin (https://example.com), or *"
        ),
        (
            #"{"ftp://a/":{}}"#,
            #""ftp://a/" is no target: write the URL of an endpoint, an origin (https://example.com), or *"#
        ),
        (#"{"*":{},"*":{}}"#, "it names the target * twice: write one policy for it"),
        (
            #"{"https://a":{},"HTTPS://A:443/":{}}"#,
            "it names the target https://a twice: write one policy for it"
        ),
        (#"{"*":null}"#, "the policy of *: it must be object"), (#"{"*":5}"#, "the policy of *: it must be object"),
        (#"{"*":{"concurrency":0}}"#, "the policy of *: concurrency must be >= 1"),
        (
            #"{"*":{},"https://a/x":{"rate":{"count":1,"per":1.5}}}"#,
            "the policy of https://a/x: rate/per must be integer"
        ),
        (
            #"{"https://a/":{"statuses":{"404":"no"}}}"#,
            "the policy of https://a: statuses/404 must be equal to one of the allowed values"
        ),
        (#"{"*":{"pause":true}}"#, "the policy of *: it must NOT have additional properties: 'pause'"),
    ]

    @Test(arguments: faults) func faultNamesTargetAndMember(_ text: String, _ message: String) {
        #expect(problem(Array(text.utf8)) == message)
    }

    @Test func whatIsNoUTF8IsNotRead() {
        #expect(problem([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x7B, 0x7D, 0x7D]) == "it is not JSON in UTF-8")
    }

    /// Cut off or changed at any byte, a file is read or refused, and nothing traps.
    @Test func damagedFileIsReadOrRefused() {
        let text = Array(#"{"*":{"concurrency":5,"statuses":{"4xx":"dead"}},"https://a/x":{"timeout":1e3}}"#.utf8)
        var random = SeededGenerator(seed: 11)
        #expect(problem(text) == nil)
        for _ in 0..<2_000 {
            var damaged = text
            damaged[Int.random(in: 0..<text.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            damaged.removeLast(Int.random(in: 0..<text.count, using: &random) / 8)
            #expect(problem(damaged) != "")
        }
        for count in 0..<text.count { #expect(problem(Array(text.prefix(count))) != nil) }
    }
}
