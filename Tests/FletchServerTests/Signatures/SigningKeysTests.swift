import FletchQueue
import Foundation
import Testing

@testable import FletchServer

@Suite struct SigningKeysTests {
    private static let day: Int64 = 86_400_000

    /// Computed with openssl; see the contract.
    @Test func quirrelsSignatureIsThatOfSecureWebhooks() {
        let keys = SigningKeys(token: Array("iamverysecret".utf8), secrets: [])
        let signature = keys.quirrelSignature(of: "hello world", at: Timestamp(milliseconds: 1_600_000_000_000))
        #expect(
            signature
                == "v=1600000000000,d=3bd0b48300a7a7afc491e90ecef6805cb46813ea047434eed9cccc567f7aeecb")
        #expect(keys.webhookSignature(id: "a", of: "", at: TestAPI.now) == nil)
        #expect(SigningKeys(token: nil, secrets: []).quirrelSignature(of: "", at: TestAPI.now) == nil)
    }

    /// Computed with openssl.
    @Test func bytesAreSignedAsTheyAre() {
        let keys = SigningKeys(token: Array("iamverysecret".utf8), secrets: [])
        let signature = keys.quirrelSignature(
            of: .bytes([0xFF, 0x00, 0xC3]), at: Timestamp(milliseconds: 1_600_000_000_000))
        #expect(
            signature == "v=1600000000000,d=653555cae57cf7b3beaab4bc4566fb65296a2b5fed4d1732d191e3dc4eecc0a0")
    }

    /// From the specification of Standard Webhooks.
    @Test func webhookSignatureIsThatOfTheSpecification() throws {
        let secret = try #require(WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let signature = SigningKeys([secret]).webhookSignature(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", of: #"{"test": 2432232314}"#,
            at: Timestamp(milliseconds: 1_614_265_330_999))
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test func secretThatWasReplacedSignsForADay() throws {
        let (old, new) = (WebhookSecret.make(), WebhookSecret.make())
        let moment = Timestamp(milliseconds: 1_000)
        let keys = SigningKeys(
            token: nil,
            secrets: [(Array(new.text.utf8), moment), (Array(old.text.utf8), Timestamp(milliseconds: 0))])
        func signatures(after wait: Int64) -> [Substring] {
            let now = Timestamp(milliseconds: moment.milliseconds + wait)
            return keys.webhookSignature(id: "a", of: "b", at: now)?.split(separator: " ") ?? []
        }
        #expect(signatures(after: 0).count == 2)
        #expect(signatures(after: Self.day - 1).count == 2)
        #expect(signatures(after: Self.day).count == 1)
        let alone = SigningKeys([new]).webhookSignature(id: "a", of: "b", at: moment)
        #expect(signatures(after: 0).first.map(String.init) == alone)
    }

    @Test(arguments: [
        "", "whsec_", "whsec_c2hvcnQ=", "secret", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!!!!",
        "whsec_" + Data(count: 65).base64EncodedString(),
    ])
    func whatIsNoSecretIsRefused(_ text: String) { #expect(WebhookSecret(text) == nil) }

    @Test func newSecretsAreNeverTheSame() {
        let secrets = (0..<10).map { _ in WebhookSecret.make() }
        #expect(Set(secrets).count == 10)
        #expect(secrets.allSatisfy { WebhookSecret($0.text) == $0 })
    }
}
