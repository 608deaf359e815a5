import FletchQueue
import Testing

@testable import FletchServer

@Suite struct JobHeaderRulesTests {
    @Test(arguments: [
        "X-A", "a", "!#$%&'*+-.^_`|~09", "Content-Type", "content-encoding", "Authorization", "Cookie", "User-Agent",
        "Accept", "Idempotency-Key", "Connections", "hosts", "x-quirrel", "webhook", "fletch", "xfletch-a", "quirrel-a",
        "Content-Length2", "Date", "Max-Forwards", "Forwarded", "Origin", "Range",
    ])
    func fieldIsAllowed(_ name: String) {
        #expect(JobHeaderRules.problem(name: name, value: "a") == nil)
    }

    @Test(arguments: [
        "", " ", "a b", "a:", ":method", "a\r\nb", "é", "a\u{0}", "a\u{7F}", "(a)", "a/b", "\"a\"", "a,b", "a;b", "a=b",
        "{a}",
    ])
    func nameThatIsNoTokenIsRefused(_ name: String) {
        #expect(
            JobHeaderRules.problem(name: name, value: "")
                == "must be a field name: letters, digits and !#$%&'*+-.^_`|~")
    }

    static let reserved: [(String, String)] = [
        ("Connection", "it belongs to a connection, not to a request"),
        ("keep-alive", "it belongs to a connection, not to a request"),
        ("TE", "it belongs to a connection, not to a request"),
        ("Trailer", "it belongs to a connection, not to a request"),
        ("Transfer-Encoding", "it belongs to a connection, not to a request"),
        ("UPGRADE", "it belongs to a connection, not to a request"),
        ("Proxy-Connection", "it belongs to a connection, not to a request"),
        ("Proxy-Authorization", "it belongs to a connection, not to a request"),
        ("proxy-authenticate", "it belongs to a connection, not to a request"),
        ("Expect", "the body is always sent at once"), ("Host", "it is taken from the URL"),
        ("Content-Length", "it is counted from the body"), ("x-quirrel-meta", "fletchd sets it itself"),
        ("X-Quirrel-", "fletchd sets it itself"), ("Webhook-ID", "fletchd sets it itself"),
        ("webhook-anything", "fletchd sets it itself"), ("Fletch-Attempt", "fletchd sets it itself"),
    ]

    @Test(arguments: reserved) func fieldOfOthersIsRefusedInAnyCase(_ name: String, _ why: String) {
        for name in [name, name.lowercased(), name.uppercased()] {
            #expect(JobHeaderRules.problem(name: name, value: "") == "must NOT be set: \(why)")
        }
    }

    /// CGI and WSGI make one variable of both.
    @Test(arguments: reserved) func underscoreStandsForAHyphen(_ name: String, _ why: String) {
        let name = name.replacing("-", with: "_")
        #expect(JobHeaderRules.problem(name: name, value: "") == "must NOT be set: \(why)")
    }

    @Test(arguments: ["webhook-id", "Webhook-Signature", "WEBHOOK-ANYTHING"])
    func signatureOfAnotherSenderIsOnlyForwarded(_ name: String) {
        #expect(JobHeaderRules.problem(name: name, value: "a", isForwarded: true) == nil)
        #expect(
            JobHeaderRules.problem(name: name, value: "a\n", isForwarded: true)
                == "must NOT have control characters but tabs")
        let problem = "must NOT be set: fletchd sets it itself"
        #expect(JobHeaderRules.problem(name: name, value: "a") == problem)
        #expect(JobHeaderRules.problem(name: name.replacing("-", with: "_"), value: "a", isForwarded: true) == problem)
    }

    @Test(arguments: ["Idempotency_Key", "idempotency_key"]) func keyIsWrittenWithAHyphen(_ name: String) {
        #expect(
            JobHeaderRules.problem(name: name, value: "a")
                == "must NOT be set: write Idempotency-Key, since many receivers take both for one field")
    }

    @Test(arguments: ["", " ", "\t "]) func keyIsNotEmpty(_ value: String) {
        for name in ["Idempotency-Key", "idempotency-key"] {
            #expect(
                JobHeaderRules.problem(name: name, value: value)
                    == "must NOT be empty: leave it out, and fletchd sets one")
        }
    }

    @Test(arguments: ["", "a", "a\tb", " a ", "é🚀", "\u{80}", "\u{A0}", "a:b;c=\"d\"", "~"])
    func valueIsAllowed(_ value: String) {
        #expect(JobHeaderRules.problem(name: "x-a", value: value) == nil)
    }

    @Test func controlCharactersButTabsAreRefused() {
        for byte in (UInt8(0)..<0x20).filter({ $0 != 0x09 }) + [0x7F] {
            for value in ["\(Unicode.Scalar(byte))", "a\(Unicode.Scalar(byte))b", "a\r\n\(Unicode.Scalar(byte))"] {
                #expect(
                    JobHeaderRules.problem(name: "x-a", value: value) == "must NOT have control characters but tabs")
            }
        }
    }

    @Test func namesAndValuesAreCountedInBytes() {
        #expect(JobHeaderRules.byteCount(of: []) == 0)
        #expect(JobHeaderRules.byteCount(of: [JobHeader("ab", "é"), JobHeader("c", "")]) == 5)
    }
}
