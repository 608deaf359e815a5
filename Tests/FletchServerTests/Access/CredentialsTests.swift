import Testing

@testable import FletchServer

@Suite struct CredentialsTests {
    @Test(arguments: [
        (nil, Credentials.none), ("Bearer abc", .bearer("abc")), ("bearer   abc", .bearer("abc")),
        ("BEARER a b", .bearer("a b")), ("Bearer", .unreadable), ("Bearer ", .unreadable), ("", .unreadable),
        ("Basic dTpw", .basic(user: "u", password: "p")), ("basic dTpwOnE=", .basic(user: "u:p", password: "q")),
        ("Basic OnA=", .basic(user: "", password: "p")), ("Basic dQ==", .unreadable), ("Basic !!", .unreadable),
        ("Basic", .unreadable), ("Basic /zo=", .unreadable), ("Digest x", .unreadable),
        ("Basic w6k6w6k=", .basic(user: "é", password: "é")),
    ])
    func fieldIsRead(_ field: String?, _ credentials: Credentials) { #expect(Credentials(field) == credentials) }

    @Test func passphrasesAreSplitAndCounted() {
        let passphrases = Passphrases("one:a longer passphrase\nthree\n")
        #expect(passphrases.count == 3)
        #expect(passphrases.shortCount == 2)
        #expect(
            passphrases.contains("one") && passphrases.contains("a longer passphrase") && passphrases.contains("three"))
        for wrong in ["", "on", "one:", "onee", "ONE", "one:a longer passphrase"] {
            #expect(!passphrases.contains(wrong))
        }
        #expect(Passphrases("").isEmpty && Passphrases(": \n\t:").isEmpty)
        #expect(!Passphrases().contains(""))
    }

    @Test func noWrongPassphraseIsTakenHoweverManyAreTried() {
        let passphrases = Passphrases("one:a longer passphrase")
        #expect(!(0..<20_000).contains { passphrases.contains("guess \($0)") })
    }

    @Test func namesOfTenantsHaveBounds() {
        for id in ["a", "tenant-1", "\u{E9}", "a b", "auth0|1:2", String(repeating: "x", count: 256)] {
            #expect(TenantID.isValid(id))
        }
        // An e with an accent behind it is to Swift the same as an é: two tenants would be one.
        for id in [
            "", "a\n", "\0", "a\u{7F}", "a\u{85}", "a\u{2028}b", "a\u{202E}b", "a\u{200B}", "e\u{301}",
            String(repeating: "x", count: 257),
        ] {
            #expect(!TenantID.isValid(id))
        }
    }
}
