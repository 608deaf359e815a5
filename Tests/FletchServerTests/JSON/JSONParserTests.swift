import Foundation
import Testing

@testable import FletchServer

@Suite struct JSONParserTests {
    @Test func everyKindOfValueIsRead() {
        #expect("null".json == .null)
        #expect(" true ".json == .bool(true))
        #expect("false\n".json == .bool(false))
        #expect("-0.5e+1".json == .number(-5))
        #expect("1e308".json == .number(1e308))
        #expect("-1e400".json == .number(-.infinity))
        #expect("\u{FEFF}1".json == .number(1))
        #expect(#""a""#.json == .string("a"))
        #expect("[1, [], {}]".json == .array([.number(1), .array([]), .object([])]))
        #expect(#"{"a" : 1, "b":"2"}"#.json?["b"] == .string("2"))
    }

    @Test func lastOfMembersWithTheSameNameCounts() {
        #expect(#"{"a":1,"a":2}"#.json?["a"] == .number(2))
    }

    @Test func everyEscapeIsUndone() {
        #expect(#""\"\\\/\b\f\n\r\tA\u00e9\ud83d\ude80""#.json == .string("\"\\/\u{8}\u{C}\n\r\tAé🚀"))
        #expect(#""\ud83d""#.json == .string("\u{FFFD}"))
        #expect(#""\ud83dA""#.json == .string("\u{FFFD}A"))
        #expect(#""\ude80\u0000""#.json == .string("\u{FFFD}\0"))
    }

    @Test(arguments: [
        "", " ", "nul", "truex", "01", "-", "1.", ".5", "1e", "+1", "NaN", "[1,]", "[1", "{\"a\":}", "{a:1}",
        "{\"a\":1,}", "{\"a\" 1}", "\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\n\"", "1 2", "'a'", "\"\\",
        "1\u{FEFF}", "\u{FEFF}\u{FEFF}1", "\u{FEFF}",
    ])
    func whatIsNoJSONIsNotRead(_ text: String) {
        #expect(text.json == nil)
    }

    @Test func whatIsNoUTF8IsNotRead() {
        for bytes: [UInt8] in [[0x22, 0xFF, 0x22], [0x22, 0x5C, 0x6E, 0xC3, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22]] {
            #expect(bytes.withUnsafeBufferPointer(JSONParser.value) == nil)
        }
    }

    /// As `JSON.parse` has it: a text may be as deep as it is long. What lies deep is checked all the same.
    @Test(arguments: [1, JSONParser.maximumDepth, JSONParser.maximumDepth + 1, 257, 20_000])
    func depthHasNoBound(_ depth: Int) {
        func nested(_ open: String, _ inner: String, _ close: String) -> JSONValue? {
            let text = String(repeating: open, count: depth) + inner + String(repeating: close, count: depth)
            return #"{"deep":\#(text),"id":"a"}"#.json
        }
        for inner in ["", "1", #"[], {"a" : -1e5}"#, #" "x" , [ {} ] "#] {
            #expect(nested("[", inner, "]")?["id"] == .string("a"), "\(inner)")
        }
        for inner in ["null", "[]", #"{ "b" : [ 1 , 2 ] } "#] {
            #expect(nested(#"{"a": "#, inner, " }")?["id"] == .string("a"), "\(inner)")
        }
        for inner in ["[", "]", "1,", ",", "1 2", "01", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{1:2}"#, #""\x""#] {
            #expect(nested("[", inner, "]") == nil, "\(inner)")
            #expect(nested(#"{"a":"#, inner, "}") == nil, "\(inner)")
        }
        #expect(nested("[", "1", "}") == nil)
        #expect(String(repeating: #"[{"a":"#, count: depth).json == nil)
    }

    /// Cut off or changed at any byte, a text is read as Foundation reads it, or not at all.
    @Test func damagedTextsAreReadAsFoundationReadsThem() {
        let text = Array(#"{"a":[1.5e3,-2,true,null,"x\nA\u00e9é"],"b":{"c":false}} "#.utf8)
        var random = SeededGenerator(seed: 5)
        for _ in 0..<4_000 {
            var damaged = text
            damaged[Int.random(in: 0..<text.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            damaged.removeLast(Int.random(in: 0..<text.count, using: &random) / 8)
            let other = try? JSONSerialization.jsonObject(with: Data(damaged), options: .fragmentsAllowed)
            if other == nil { #expect(damaged.withUnsafeBufferPointer(JSONParser.value) == nil, "\(damaged)") }
        }
    }

    @Test func whatIsWrittenIsReadAgain() {
        for scalar in (0...0x10FFFF).lazy.compactMap(Unicode.Scalar.init).filter({
            $0.value < 0x300 || $0.value % 97 == 0
        }) {
            var writer = JSONWriter()
            writer.string("a\(Character(scalar))b")
            #expect(writer.bytes.withUnsafeBufferPointer(JSONParser.value) == .string("a\(Character(scalar))b"))
        }
    }
}
