import Testing

@testable import FletchServer

@Suite struct SendTargetTests {
    @Test(arguments: [
        "https://example.com", "https://example.com/hook?x=1&y=/a//b", "http://localhost:5000/a/../b/./c",
        "HTTPS://Example.COM/Hook", "http://[::1]:8080/x", "https://me:secret@example.com/x", "http://a//b",
        "https://example.com/%ff%2F%2f%7Ea", "https://example.com?x", "https://example.com/?next=https://a.example/",
    ])
    func urlIsTakenAsItStands(_ text: String) throws {
        let url = try SendTarget(text).url
        #expect(url == text)
    }

    @Test(arguments: [
        ("https:/example.com/hook", "https://example.com/hook"), ("HTTP:/a:1/b//c", "HTTP://a:1/b//c"),
        ("https:/example.com/?u=https:/a", "https://example.com/?u=https:/a"), ("http:/[::1]/", "http://[::1]/"),
    ])
    func oneSlashAfterTheSchemeIsTakenForTwo(_ text: String, _ url: String) throws {
        let taken = try SendTarget(text).url
        #expect(taken == url)
    }

    @Test func urlHasAtMost8192Bytes() throws {
        let start = "https://example.com/"
        let longest = start + String(repeating: "x", count: 8_192 - start.utf8.count)
        #expect(try SendTarget(longest).url == longest)
        let merged = longest.replacing("https://", with: "https:/")
        for text in [longest + "x", merged + "x"] {
            do {
                let target = try SendTarget(text)
                Issue.record("\(target) is taken")
            } catch {
                let answer = Answer(error)
                #expect(answer.isInvalid("the URL behind /send/ must NOT have more than 8192 bytes"), "\(answer)")
            }
        }
    }

    private static let beginning =
        "must begin with http:// or https:// and not be percent-encoded: write it as in /send/https://example.com/hook"
    private static let malformed =
        "is not valid (RFC 3986): percent-encode the characters that a URL may not have"
    private static let fragment =
        "has a fragment, which no request carries: leave it out, or write %23 for the character #"
    private static let hostless = "has no host: write it as in /send/https://example.com/hook"

    @Test(arguments: [
        ("", beginning), ("x", beginning), ("example.com/hook", beginning), ("https", beginning), ("https:", beginning),
        ("https:example.com", beginning), ("https%3A%2F%2Fexample.com", beginning), ("ftp://example.com/", beginning),
        ("//example.com", beginning), ("mailto:a@b", beginning), ("://a", beginning), (" https://a", beginning),
        ("https://a/%zz", malformed), ("https://a/%4", malformed), ("https://a/é", malformed),
        ("https://a/\u{FFFD}", malformed), ("https://a/[b]", malformed), ("https://a/{b}", malformed),
        ("https://a b/", malformed), ("http://[::1/", malformed), ("http://a:b/", malformed),
        ("https://a|b", malformed),
        ("https://a/b#c", fragment), ("https://a/b?c=d#", fragment), ("https:/a#b", fragment),
        ("https://", hostless), ("https:/", hostless), ("https:///a", hostless), ("http://:80/", hostless),
        ("http://?x", hostless), ("http://me@/", hostless),
        (
            "http://a:70000/",
            "cannot be called: the URL is malformed: its port is not a number from 1 to 65535"
        ),
        (
            "http://255.255.255.255/",
            "cannot be called: the URL is malformed: its host is the address of many machines (multicast or "
                + "broadcast), not of one"
        ),
    ])
    func whatCannotBeCalledIsRefused(_ text: String, _ problem: String) throws {
        do {
            let target = try SendTarget(text)
            Issue.record("\(target) is taken")
        } catch {
            #expect(Answer(error).isInvalid("the URL behind /send/ \(problem)"), "\(Answer(error))")
        }
    }
}
