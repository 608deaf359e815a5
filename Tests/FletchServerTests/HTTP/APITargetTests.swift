import Testing

@testable import FletchServer

@Suite struct APITargetTests {
    @Test(arguments: [
        ("/", [""]), ("/queues", ["queues"]), ("/queues/", ["queues", ""]), ("/a//b", ["a", "", "b"]),
        ("/a%2Fb/c", ["a/b", "c"]), ("/%2540x", ["%40x"]), ("/a+b", ["a+b"]), ("/a?b/c", ["a"]), ("/a#b", ["a"]),
        ("http://host:1/a/b", ["a", "b"]), ("/http://x", ["http:", "", "x"]), ("/%F0%9F%9A%80", ["🚀"]),
        ("/e\u{301}/\u{301}", ["e\u{301}", "\u{301}"]), ("", [""]), ("*", [""]), ("http://host", [""]),
        ("/a%00", ["a\0"]),
    ])
    func segmentsAreDecodedOnce(_ target: String, _ segments: [String]) {
        #expect(APITarget(target)?.segments == segments)
    }

    @Test func onlyAPathThatIsNotEncodedHasAURLToSend() {
        #expect(APITarget("/send/http://h/%2F?x")?.urlToSend == "http://h/%2F?x")
        #expect(APITarget("http://a/send/http://h/x#y")?.urlToSend == "http://h/x#y")
        #expect(APITarget("/%73end/http%3A%2F%2Fh%2Fx")?.urlToSend == nil)
    }

    @Test(arguments: ["/%", "/%4", "/%zz", "/a/%ff", "/%C3%28", "/%ED%A0%80"])
    func whatCannotBeDecodedIsNone(_ target: String) {
        #expect(APITarget(target) == nil)
    }

    @Test func everyValueOfAParameterIsFound() {
        let target = APITarget("/a?cursor=1&x&cursor=%32&cursors=3&%63ursor=a=b&cursor&cursor=%zz#cursor=9")
        #expect(target?.values(of: "cursor") == ["1", "2", "a=b", "", "%zz"])
        #expect(APITarget("/a")?.values(of: "cursor") == [])
        #expect(APITarget("/a?&=&")?.values(of: "cursor") == [])
    }
}
