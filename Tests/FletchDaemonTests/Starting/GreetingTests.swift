import FletchServer
import Testing

@testable import FletchDaemon

@Suite struct GreetingTests {
    @Test func urlsAreThoseThatItIsReachedBy() {
        var settings = Settings()
        #expect(Greeting(settings, port: 9_181).lines[0] == "fletchd listens at http://localhost:9181")
        settings.tlsCertificate = Setting("chain.pem")
        settings.host = Setting("::1")
        let lines = Greeting(settings, port: 443).lines
        #expect(lines[0] == "fletchd listens at https://[::1]:443")
        #expect(lines[2].contains(" https://[::1]:443/queues/"))
    }

    /// Without a token that would be 401.
    @Test func whereThereAreTenantsATokenComesFirst() {
        var settings = Settings()
        settings.jwtKey = Setting("a key")
        #expect(
            Greeting(settings, port: 1).lines[2] == "try: curl -H 'authorization: Bearer JWT' http://localhost:1/queues"
        )
        settings.passphrases = Setting(Passphrases("secret"))
        #expect(
            Greeting(settings, port: 1).lines[2] == "try: curl -X PUT -u :PASSPHRASE http://localhost:1/tokens/my-app")
    }
}
